// What the topics of a registry may take together.
#include <rill/coro/detail/feed.hpp>
#include <rill/topic/topics.hpp>

#include "topic_memory.hpp"
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using rill::topic_errc;
using rill::topics;

namespace {

constexpr std::size_t MiB = std::size_t{1} << 20;

/// Publishes an event of so many bytes to a topic.
std::string put(topics& registry, std::string_view name, std::size_t bytes) {
    return registry.open(name)->publish({.data = std::string(bytes, 'x')});
}

std::size_t events(topics& registry, std::string_view name) {
    return registry.open(name)->statistics().events;
}

} // namespace

TEST_CASE("a registry has some memory at least") {
    CHECK_THROWS_AS(topics{{.max_bytes = 0}}, std::invalid_argument);
}

TEST_CASE("all topics together take no more than their bound" * doctest::skip(!memory::is_watched())) {
    const auto before = memory::bytes();
    const auto taken = [&] { return static_cast<std::size_t>(memory::bytes() - before); };
    topics registry{{.each = {.keep_bytes = 16 * MiB}, .max_bytes = 32 * MiB}};
    std::size_t most = 0;
    SUBCASE("of large events") {
        for (int n = 0; n < 240; ++n) {
            put(registry, "t" + std::to_string(n / 2), 2 * MiB);
            most = std::max(most, taken());
        }
        CHECK(registry.statistics().bytes > 20 * MiB);
    }
    SUBCASE("of small ones, for which more is noted than they are long") {
        topics small{{.each = {.keep_events = 100'000}, .max_bytes = 32 * MiB}};
        for (int n = 0; n < 400'000; ++n) {
            small.open("t" + std::to_string(n % 50))->publish({.data = "1"});
            if (n % 1000 == 0) most = std::max(most, taken());
        }
        CHECK(small.statistics().bytes > 3 * MiB);
    }
    SUBCASE("of those with keys, ids and the newest of each key") {
        topics latest{
            {.each = {.keep_events = 100, .policy = rill::lag_policy::latest}, .max_bytes = 32 * MiB}};
        for (int n = 0; n < 200'000; ++n) {
            const auto key = std::to_string(n);
            latest.open("t" + std::to_string(n % 50))
                ->publish({.id = "own" + key, .data = "some bytes of a value"}, {.key = key});
            if (n % 1000 == 0) most = std::max(most, taken());
        }
        CHECK(latest.statistics().events > 10'000);
    }
    CHECK(most < 36 * MiB);
    CHECK(most > 20 * MiB);
}

TEST_CASE("over the bound the largest topic gives, its oldest events first") {
    topics registry{{.each = {.keep_bytes = 16 * MiB}, .max_bytes = 16 * MiB}};
    for (int n = 0; n < 10; ++n) put(registry, "quiet", 1'000);
    for (int n = 0; n < 3; ++n) put(registry, "middle", MiB);
    std::string last;
    for (int n = 0; n < 100; ++n) last = put(registry, "flood", MiB);
    CHECK(events(registry, "quiet") == 10);
    CHECK(events(registry, "middle") == 3);
    const auto left = events(registry, "flood");
    CHECK(left >= 8);
    CHECK(left <= 13);
    reader again{registry.open("flood")->subscribe(last)}; // the newest is there
    CHECK(again.take().empty());
}

TEST_CASE(
    "of topics that are as large the one with the oldest event gives first, and the newest event stays") {
    topics registry{{.max_bytes = 16 * MiB}};
    for (int n = 0; n < 40; ++n) {
        put(registry, "t" + std::to_string(n), 3 * MiB);
        CHECK(events(registry, "t" + std::to_string(n)) == 1);
    }
    for (int n = 0; n < 40; ++n) CHECK(events(registry, "t" + std::to_string(n)) == (n >= 36 ? 1 : 0));
}

TEST_CASE("what was dropped for others' sake is a gap that is told") {
    topics registry{{.each = {.keep_bytes = 8 * MiB}, .max_bytes = 8 * MiB}};
    const auto id = put(registry, "a", 10);
    for (int n = 0; n < 4; ++n) put(registry, "a", MiB);
    for (int n = 0; n < 40; ++n) put(registry, "b", MiB);
    const auto left = events(registry, "a");
    REQUIRE(left < 4);
    REQUIRE(left > 0);
    reader again{registry.open("a")->subscribe(id)};
    CHECK(again.take().substr(0, 40).find(gap("trimmed", 4 - left)) == 0);
}

TEST_CASE("with the policy latest what is kept of keys gives, too, and readers are told") {
    topics registry{{.each = {.keep_events = 1, .policy = rill::lag_policy::latest}, .max_bytes = 4 * MiB}};
    const auto prices = registry.open("prices");
    std::string first;
    for (int n = 0; n < 100; ++n) {
        const auto id = prices->publish({.data = std::string(100'000, 'x')}, {.key = std::to_string(n)});
        if (n == 0) first = id;
    }
    const auto left = prices->statistics().events;
    CHECK(left < 42);
    CHECK(left > 20);
    reader again{prices->subscribe(first)};
    CHECK(again.take().substr(0, 50).find(gap("superseded", 99 - left)) == 0);
    // Who is on the way through them and has got some.
    const auto events = elements_of(prices->subscribe("", {.start = rill::start::earliest}));
    rill::detail::feed::batch batch;
    CHECK(events.source().take(150'000, batch) == rill::detail::feed::state::some);
    for (int n = 0; n < 60; ++n)
        prices->publish({.data = std::string(100'000, 'y')}, {.key = "new" + std::to_string(n)});
    CHECK(events.source().take(150'000, batch) == rill::detail::feed::state::some);
    const std::string got{batch.pieces()[0].bytes};
    CHECK(got.find("event: gap\ndata: {\"reason\":\"superseded\",\"missed\":") != got.npos);
}

TEST_CASE("an event that would take nearly all there is for all is too large") {
    topics registry{{.each = {.keep_bytes = 100 * MiB}, .max_bytes = 4 * MiB}};
    CHECK(refusal_of([&] { put(registry, "a", 3 * MiB); }) == topic_errc::event_too_large);
    put(registry, "a", 3 * MiB - 1'000);
    CHECK(events(registry, "a") == 1);
}

TEST_CASE("a topic that goes gives back what it took") {
    topics registry{{.each = {.keep_age = 2ms}, .max_topics = 2, .max_bytes = 4 * MiB}};
    for (int n = 0; n < 20; ++n) {
        put(registry, "t" + std::to_string(n), MiB);
        std::this_thread::sleep_for(5ms);
        static_cast<void>(registry.list());
    }
    const auto kept = registry.open("kept");
    for (int n = 0; n < 3; ++n) kept->publish({.data = std::string(MiB / 2, 'x')});
    CHECK(kept->statistics().published == 3);
}

TEST_CASE("topics of many threads stay within the bound, and nothing stands still") {
    topics registry{{.each = {.keep_bytes = MiB}, .max_bytes = 4 * MiB}};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&registry, t] {
                for (int n = 0; n < 400; ++n)
                    put(registry, "t" + std::to_string((n + t) % 20), static_cast<std::size_t>(n) * 100);
            });
    }
    const auto all = registry.statistics();
    CHECK(all.published == 1'600);
    CHECK(all.bytes <= 5 * MiB);
}
