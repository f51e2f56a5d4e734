// The memory of a log: slabs, in which the events lie one after the other.
#include <rill/coro/detail/feed.hpp>

#include "topic_logging.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// How many ranges of memory the events of a log are.
std::size_t ranges(logging& log) {
    std::size_t count = 0;
    const char* end = nullptr;
    for (auto n = log->first(); n <= log->last(); ++n) {
        const auto bytes = log.bytes(n);
        count += bytes.data() == end ? 0U : 1U;
        end = bytes.data() + bytes.size();
    }
    return count;
}

/// The bytes of all slabs that the events of a log lie in.
std::size_t capacity(logging& log) {
    std::set<const char*> seen;
    std::size_t sum = 0;
    for (auto n = log->first(); n <= log->last(); ++n) {
        const auto& slab = log->slab_of((*log)[n]);
        if (seen.insert(slab.data()).second) sum += slab.capacity();
    }
    return sum;
}

} // namespace

TEST_CASE("events that follow one another lie one after the other") {
    logging log;
    log.put("a");
    log.put("b");
    log.put_as("c");
    CHECK(ranges(log) == 1);
    CHECK(log.bytes(1).data() + log.bytes(1).size() == log.bytes(2).data());
    CHECK(log.bytes(2).data() + log.bytes(2).size() == log.bytes(3).data());
}

TEST_CASE("each event lies in its slab as a whole") {
    logging log;
    for (std::size_t n = 1; n <= 500; ++n) log.put(std::string(n * 7 % 1000, 'x'));
    for (auto n = log->first(); n <= log->last(); ++n) {
        const auto& slab = log->slab_of((*log)[n]);
        const auto bytes = log.bytes(n);
        REQUIRE(bytes.data() >= slab.data());
        REQUIRE(bytes.data() + bytes.size() <= slab.data() + slab.capacity());
    }
}

TEST_CASE("a full log of small events is a few ranges") {
    logging log;
    log.count(1, 1000);
    CHECK(ranges(log) <= rill::detail::feed::batch::most);
    CHECK(capacity(log) <= 3 * log->bytes());
}

TEST_CASE("a log that keeps little takes little, for how long ever it is published to") {
    logging log{{.keep_events = 10}};
    for (int n = 0; n < 10'000; ++n) {
        log.put("some event");
        log->trim(log.now, nobody);
        REQUIRE(capacity(log) <= 2048);
    }
    log.put(std::string(1 << 20, 'x')); // one that is large does not make all large
    for (int n = 0; n < 10; ++n) {
        log.put("some event");
        log->trim(log.now, nobody);
    }
    for (int n = 0; n < 10'000; ++n) {
        log.put("some event");
        log->trim(log.now, nobody);
    }
    CHECK(capacity(log) <= 2048);
}

TEST_CASE("a full log takes not much more than its bytes") {
    logging log{{.keep_events = 1'000'000, .keep_bytes = 1 << 20}};
    const std::string text(100, 'x');
    for (int n = 0; n < 30'000; ++n) {
        log.put(text);
        log->trim(log.now, nobody);
    }
    CHECK(log->bytes() > (1 << 20) - 200);
    CHECK(capacity(log) < (1 << 20) + (1 << 18));
    CHECK(ranges(log) < 25);
}

TEST_CASE("an event larger than any slab has one of its own, and the log goes on behind it") {
    logging log;
    log.put("before");
    const std::string large(300'000, 'x');
    log.put(large);
    log.count(1, 10);
    CHECK(logging::data_of(log.bytes(2)) == large);
    CHECK(log.all() == "before " + large + " " + numbers(1, 10));
    CHECK(ranges(log) <= 3);
}

TEST_CASE("the bytes of an event never change as long as its slab is held") {
    logging log{{.keep_events = 5}};
    struct held {
        rill::detail::block slab;
        std::string_view bytes;
        std::string copy;
    };
    std::vector<held> all;
    for (int n = 1; n <= 2000; ++n) {
        log.put(std::to_string(n) + std::string(static_cast<std::size_t>(n % 90), '.'));
        const auto bytes = log.bytes(log->last());
        all.push_back({log->slab_of((*log)[log->last()]), bytes, std::string{bytes}});
        log->trim(log.now, nobody);
    }
    CHECK(std::ranges::all_of(all, [](const held& h) { return h.bytes == h.copy; }));
}

TEST_CASE("a slab that is held outlives its log") {
    rill::detail::block slab;
    std::string_view bytes;
    {
        logging log;
        log.put("x");
        slab = log->slab_of((*log)[1]);
        bytes = log.bytes(1);
    }
    CHECK(logging::data_of(bytes) == "x");
}

TEST_CASE("what a refused event would have taken is there for the next") {
    logging log;
    log.put("a");
    for (int n = 0; n < 100; ++n) {
        CHECK_THROWS_AS(log.put("\xFF"), rill::error);
        CHECK_THROWS_AS(log.put("x", {.key = "\xFF"}), rill::error);
        CHECK_THROWS_AS(log.put_as("a,b"), rill::error);
        CHECK_THROWS_AS(log.put_as("mine", {.key = std::string(257, 'k')}), rill::error);
    }
    log.put("b");
    CHECK(ranges(log) == 1);
    CHECK(log.all() == "a b");
}

TEST_CASE("refused events make no memory, be they larger each time") {
    logging log;
    log.put("a");
    const auto before = log->slab_of((*log)[1]).data();
    for (std::size_t size = 600; size < 3000; size += 100)
        CHECK_THROWS_AS(log.put(std::string(size, 'x'), {.key = "\xFF"}), rill::error);
    log.put("b");
    CHECK(log->slab_of((*log)[2]).data() == before);
    CHECK((*log)[1].at.slab == (*log)[2].at.slab);
}
