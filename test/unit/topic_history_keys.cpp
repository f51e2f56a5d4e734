// Events that are newest values of something, in the log and beyond it.
#include "topic_logging.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <string>

using rill::lag_policy;

namespace {

constexpr rill::topic_options latest{.keep_events = 3, .policy = lag_policy::latest};

/// A log of three that keeps values, and drops what it does not keep at once.
struct keeping : logging {
    keeping() : logging{latest} {}
    void set(std::string_view key, std::string_view value) {
        put(value, {.key = key});
        (*this)->trim(now, nobody);
    }
};

} // namespace

TEST_CASE("an event knows which one was the next with its key") {
    logging log;
    log.put("a1", {.key = "a"});
    log.put("b1", {.key = "b"});
    log.put("none");
    log.put("a2", {.key = "a"});
    log.put("a3", {.key = "a"});
    log.put("none");
    CHECK((*log)[1].superseded_by == 4);
    CHECK((*log)[2].superseded_by == 0);
    CHECK((*log)[3].superseded_by == 0);
    CHECK((*log)[4].superseded_by == 5);
    CHECK((*log)[5].superseded_by == 0);
    CHECK((*log)[6].superseded_by == 0);
    CHECK((*log)[1].key == (*log)[5].key);
    CHECK((*log)[1].key->name == "a");
    CHECK((*log)[1].key->newest == 5);
    CHECK((*log)[2].key->name == "b");
    CHECK((*log)[3].key == nullptr);
}

TEST_CASE("a log knows how many of its events have a newer one with their key") {
    logging log{{.keep_events = 3}};
    CHECK(log->superseded() == 0);
    log.put("a1", {.key = "a"});
    log.put("a2", {.key = "a"});
    log.put("b1", {.key = "b"});
    log.put("a3", {.key = "a"});
    CHECK(log->superseded() == 2);
    log->trim(log.now, nobody); // a1 leaves
    CHECK(log->superseded() == 1);
    log->shrink(log->memory());
    CHECK(log->superseded() == 0);
}

TEST_CASE("a large value is kept where it is") {
    keeping log;
    log.set("a", std::string(1 << 20, 'a'));
    const auto* const where = log.bytes(1).data();
    for (int n = 0; n < 3; ++n) log.set("b", "b");
    REQUIRE(log->kept().size() == 1);
    CHECK(log->kept().begin()->second.event.bytes.data() == where);
    CHECK(log->pinned() == 0);
}

TEST_CASE("a key is a copy of what the publisher said, and any text of up to 256 bytes") {
    logging log;
    std::string key(256, 'k');
    log.put("x", {.key = key});
    key.assign(256, 'x');
    CHECK((*log)[1].key->name == std::string(256, 'k'));
    constexpr std::string_view odd{"a\0\n, \xC3\xBC", 7};
    log.put("y", {.key = odd});
    CHECK((*log)[2].key->name == odd);
}

TEST_CASE("the newest event of each key is kept when it leaves the log") {
    keeping log;
    log.set("a", "a1");
    log.set("b", "b1");
    log.set("a", "a2");
    CHECK(log.kept().empty());
    log.set("c", "c1"); // a1 leaves, which is not the newest
    CHECK(log.kept().empty());
    log.set("d", "d1");
    CHECK(log.kept() == "b1");
    log.set("d", "d2");
    CHECK(log.kept() == "b1 a2");
    CHECK(log.all() == "c1 d1 d2");
    log.set("e", "e1");
    log.set("e", "e2");
    CHECK(log.kept() == "b1 a2 c1");
    CHECK(log.all() == "d2 e1 e2");
}

TEST_CASE("what is kept goes when there is something newer") {
    keeping log;
    log.set("a", "a1");
    for (int n = 0; n < 5; ++n) log.set("b", "b");
    CHECK(log.kept() == "a1");
    log.set("a", "a2");
    CHECK(log.kept().empty());
    CHECK(log.all() == "b b a2");
    for (int n = 0; n < 5; ++n) log.set("b", "b");
    CHECK(log.kept() == "a2");
}

TEST_CASE("what is kept has its number, its bytes, and all that was known of it") {
    keeping log;
    log.append({.id = "own", .name = "n", .data = "a1", .comment = "c"}, {.from = 7, .key = "a"});
    const std::string bytes{log.bytes(1)};
    for (int n = 0; n < 100; ++n) log.set("b", "b");
    REQUIRE(log->kept().size() == 1);
    const auto& [number, value] = *log->kept().begin();
    CHECK(number == 1);
    CHECK(value.event.bytes == bytes);
    CHECK(value.about.is_from(7));
    CHECK(value.about.own_id);
    CHECK(value.event.bytes.substr(value.about.id_at + 4, value.about.id_size) == "own");
    REQUIRE(value.about.key != nullptr);
    CHECK(value.about.key->name == "a");
    CHECK(value.about.key->newest == 1);
    CHECK_FALSE(log->find("own")); // it is beyond the log
}

TEST_CASE("the bytes of what is kept are counted, and are not what the log is bounded by") {
    logging log{{.keep_bytes = 1000, .policy = lag_policy::latest}};
    const auto kept_bytes = [&] {
        std::size_t sum = 0;
        for (const auto& [number, value] : log->kept()) sum += value.event.bytes.size();
        return sum;
    };
    const auto log_bytes = [&] {
        std::size_t sum = 0;
        for (auto n = log->first(); n <= log->last(); ++n) sum += log.bytes(n).size();
        return sum;
    };
    for (int round = 0; round < 3; ++round) {
        for (int n = 0; n < 100; ++n) {
            log.put("value", {.key = std::to_string(n)});
            log->trim(log.now, nobody);
            REQUIRE(log->bytes() == kept_bytes() + log_bytes());
        }
        CHECK(log->kept().size() + log->size() == 100);
        CHECK(kept_bytes() > 1000);
        CHECK(log_bytes() <= 1000);
        CHECK(log_bytes() > 900);
    }
    for (int n = 0; n < 100; ++n) log.put("value", {.key = std::to_string(n)});
    CHECK(log->kept().empty());
    CHECK(log->bytes() == log_bytes());
}

TEST_CASE("events without a key are not kept, nor is any with the other policies") {
    keeping log;
    for (int n = 0; n < 10; ++n) log.set("", "x");
    CHECK(log.kept().empty());
    for (const auto policy : {lag_policy::disconnect, lag_policy::skip}) {
        logging other{{.keep_events = 3, .policy = policy}};
        other.put("a1", {.key = "a"});
        other.put("b1", {.key = "b"});
        other.put("a2", {.key = "a"});
        CHECK((*other)[1].superseded_by == 3);
        other.count(1, 3);
        other->trim(other.now, nobody);
        CHECK(other.all() == "1 2 3");
        CHECK(other.kept().empty());
        CHECK(other->bytes() == other.bytes(4).size() * 3);
        other.put("a3", {.key = "a"}); // a key that had left begins anew
        CHECK((*other)[7].superseded_by == 0);
        CHECK((*other)[7].key->newest == 7);
    }
}

TEST_CASE("a log that becomes empty keeps its values, and supersedes them") {
    logging log{{.keep_age = std::chrono::seconds{1}, .policy = lag_policy::latest}};
    log.put("a1", {.key = "a"});
    log.put("b1", {.key = "b"});
    log.now += std::chrono::hours{1};
    log->trim(log.now, nobody);
    CHECK(log->size() == 0);
    CHECK(log.kept() == "a1 b1");
    log.put("a2", {.key = "a"});
    CHECK(log.kept() == "b1");
    CHECK(log.all() == "a2");
    log.now += std::chrono::hours{1};
    log->trim(log.now, nobody);
    CHECK(log.kept() == "b1 a2");
}

TEST_CASE("whatever is published, log and kept together have the newest event of each key") {
    std::minstd_rand random{5};
    for (const std::size_t keep : {1, 2, 10}) {
        CAPTURE(keep);
        logging log{{.keep_events = keep, .policy = lag_policy::latest}};
        std::map<std::string, std::uint64_t> newest;
        for (int n = 0; n < 3000; ++n) {
            const auto key = random() % 5 == 0 ? std::string{} : std::to_string(random() % 20);
            log.put("x", {.key = key});
            if (!key.empty()) newest[key] = log->last();
            // Some of them stay in the log for a while.
            log->trim(log.now,
                      random() % 3 == 0 ? nobody : log->last() - std::min(log->last(), random() % 9UL));
            std::map<std::string, std::uint64_t> found;
            for (const auto& [number, value] : log->kept()) {
                REQUIRE(number < log->first());
                REQUIRE(found.emplace(value.about.key->name, number).second);
            }
            for (auto i = log->first(); i <= log->last(); ++i)
                if ((*log)[i].key && (*log)[i].superseded_by == 0)
                    REQUIRE(found.emplace((*log)[i].key->name, i).second);
            REQUIRE(found == newest);
        }
    }
}
