// The log of a topic: what it numbers, and what it drops. Its memory is in topic_history_bytes.cpp.
#include "topic_logging.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using rill::topic_errc;
using rill::topic_options;

namespace {} // namespace

TEST_CASE("a log that nothing was appended to is empty") {
    const rill::detail::history log{{}};
    CHECK(log.size() == 0);
    CHECK(log.bytes() == 0);
    CHECK(log.last() == 0);
    CHECK(log.first() == 1);
    CHECK(log.epoch() != 0);
    CHECK(log.kept().empty());
    CHECK_FALSE(log.has_own_ids());
    CHECK_FALSE(log.find("x"));
    CHECK_FALSE(log.find(""));
}

TEST_CASE("events are numbered from 1, and their ids say so") {
    logging log;
    for (std::uint64_t n = 1; n <= 1000; ++n) {
        std::string id;
        rill::detail::append(id, {log->epoch(), n});
        CHECK(log.put("x") == id);
        CHECK(log->last() == n);
        CHECK(log->first() == 1);
        CHECK(log->size() == n);
        CHECK(log.bytes(n) == "id: " + id + "\ndata: x\n\n");
    }
}

TEST_CASE("numbers go on where events are dropped, and where all of them are") {
    logging log{{.keep_events = 3, .keep_age = 1s}};
    log.count(1, 10);
    log->trim(log.now, nobody);
    CHECK(log->first() == 8);
    CHECK(log->last() == 10);
    CHECK(log.all() == "8 9 10");
    log->trim(log.now + 1h, nobody);
    CHECK(log->size() == 0);
    CHECK(log->first() == 11);
    CHECK(log->last() == 10);
    CHECK(log->bytes() == 0);
    log.put("11");
    CHECK(log->first() == 11);
    CHECK(log.all() == "11");
}

TEST_CASE("an event is known with its publisher, its time and its place") {
    logging log;
    log.put("a");
    log.now += 5s;
    log.put("b", {.from = 7});
    log.put("c", {.from = 0});
    const auto &a = (*log)[1], &b = (*log)[2], &c = (*log)[3];
    CHECK(a.time + 5s == b.time);
    CHECK_FALSE(a.publisher());
    CHECK(b.publisher() == 7U);
    CHECK(c.publisher() == 0U);
    CHECK(b.is_from(7));
    CHECK_FALSE(b.is_from(8));
    CHECK_FALSE(b.is_from(std::nullopt));
    CHECK(c.is_from(0));
    CHECK_FALSE(a.is_from(0)); // nobody is no publisher 0
    CHECK_FALSE(a.is_from(std::nullopt));
    CHECK(a.key == nullptr);
}

TEST_CASE("nothing is dropped before the log is trimmed, nor what is within its bounds") {
    logging log{{.keep_events = 10, .keep_bytes = 1000, .keep_age = 1s}};
    log.count(1, 10);
    log->trim(log.now + 1s, nobody);
    CHECK(log->size() == 10);
    log.count(11, 100);
    CHECK(log->size() == 100);
    log->trim(log.now, nobody);
    CHECK(log->size() == 10);
}

TEST_CASE("the oldest events beyond the count are dropped") {
    for (const std::size_t keep : {1, 2, 9, 99}) {
        logging log{{.keep_events = keep}};
        for (int n = 1; n <= 200; ++n) {
            log.put(std::to_string(n));
            log->trim(log.now, nobody);
            REQUIRE(log->size() == std::min<std::size_t>(keep, static_cast<std::size_t>(n)));
            REQUIRE(log->last() == static_cast<std::uint64_t>(n));
        }
        CHECK(log.all() == numbers(201 - static_cast<int>(keep), 200));
    }
}

TEST_CASE("the oldest events beyond the bytes are dropped, and not one more") {
    logging sample;
    sample.put("12");
    const auto size = sample->bytes();
    for (const std::size_t spare : {std::size_t{0}, size - 1}) {
        logging log{{.keep_bytes = 5 * size + spare}};
        log.count(10, 99); // up to number 9 an id is shorter
        log->trim(log.now, nobody);
        CHECK(log->bytes() <= 5 * size + spare);
        CHECK(log.all() == (spare == 0 ? "96 97 98 99" : "95 96 97 98 99"));
    }
}

TEST_CASE("events older than the age are dropped, to the tick") {
    logging log{{.keep_age = 10s}};
    const auto start = log.now;
    for (int n = 1; n <= 5; ++n) {
        log.put(std::to_string(n));
        log.now += 1s;
    }
    log->trim(start + 10s, nobody);
    CHECK(log.all() == "1 2 3 4 5");
    log->trim(start + 10s + rill::duration{1}, nobody);
    CHECK(log.all() == "2 3 4 5");
    log->trim(start + 13s, nobody);
    CHECK(log.all() == "4 5");
    log->trim(start + 13s, nobody);
    CHECK(log.all() == "4 5");
    log->trim(start + 1h, nobody);
    CHECK(log->size() == 0);
}

TEST_CASE("an age without end is none, however much time has passed") {
    for (const auto forever : {std::chrono::milliseconds::max(), std::chrono::milliseconds::max() / 2}) {
        logging log{{.keep_age = forever}};
        log.put("x");
        log->trim(rill::time_point::max(), nobody);
        log->trim(rill::time_point{}, nobody);
        CHECK(log->size() == 1);
    }
}

TEST_CASE("an age of zero keeps an event for the moment that it was published in") {
    logging log{{.keep_age = 0ms}};
    log.put("x");
    log->trim(log.now, nobody);
    CHECK(log->size() == 1);
    log->trim(log.now + rill::duration{1}, nobody);
    CHECK(log->size() == 0);
}

TEST_CASE("what is needed stays beyond count and age, from that event on") {
    for (const bool by_age : {false, true}) {
        CAPTURE(by_age);
        logging log{{.keep_events = by_age ? 1000U : 3U, .keep_age = 1s}};
        log.count(1, 10);
        const auto then = by_age ? log.now + 1h : log.now;
        log->trim(then, 1);
        CHECK(log->size() == 10);
        log->trim(then, 5);
        CHECK(log.all() == "5 6 7 8 9 10");
        log->trim(then, 5);
        CHECK(log->size() == 6);
        log->trim(then, 4); // from an event that has left already: all
        CHECK(log->size() == 6);
        log->trim(then, 10);
        CHECK(log.all() == (by_age ? "10" : "8 9 10"));
        log->trim(then, 11); // by who has seen them all
        CHECK(log.all() == (by_age ? "" : "8 9 10"));
    }
}

TEST_CASE("what is needed does not stay beyond the bytes") {
    logging log{{.keep_events = 3, .keep_bytes = 300}};
    log.count(1, 99);
    log->trim(log.now, 1);
    CHECK(log->bytes() <= 300);
    CHECK(log->size() > 3);
    CHECK(log.all() == numbers(100 - static_cast<int>(log->size()), 99));
}

TEST_CASE("an event may be as large as all the log, and is then alone in it") {
    logging sample;
    sample.put(std::string(500, 'x'));
    logging log{{.keep_bytes = sample->bytes()}};
    log.put("first");
    log.put(std::string(499, 'y')); // its number has as many digits
    log->trim(log.now, nobody);
    CHECK(log.all() == std::string(499, 'y'));
    log.put(std::string(500, 'z'));
    log->trim(log.now, nobody);
    CHECK(log->size() == 1);
    CHECK(log->bytes() == sample->bytes());
    CHECK(refusal_of([&] { log.put(std::string(501, 'x')); }) == topic_errc::event_too_large);
    CHECK(log->size() == 1);
}

TEST_CASE("a log of nothing, and for nobody, is refused") {
    const auto make = [](const topic_options& options) { const rill::detail::history log{options}; };
    CHECK_THROWS_AS(make({.keep_events = 0}), std::invalid_argument);
    CHECK_THROWS_AS(make({.keep_bytes = 0}), std::invalid_argument);
    CHECK_THROWS_AS(make({.max_subscribers = 0}), std::invalid_argument);
}

TEST_CASE("an own id is found as long as its event is in the log") {
    logging log{{.keep_events = 3}};
    CHECK(log.put_as("one") == "one");
    log.put("two");
    log.put_as("three");
    CHECK(log->has_own_ids());
    CHECK(log->find("one") == 1U);
    CHECK(log->find("three") == 3U);
    CHECK((*log)[1].own_id);
    CHECK_FALSE((*log)[2].own_id);
    CHECK_FALSE(log->find("two"));
    CHECK_FALSE(log->find("on"));
    CHECK_FALSE(log->find(""));
    log.put("four");
    log->trim(log.now, nobody);
    CHECK_FALSE(log->find("one"));
    CHECK(log->find("three") == 3U);
    CHECK(log.put_as("one") == "one");
    CHECK(log->find("one") == 5U);
    CHECK(log->has_own_ids());
}

TEST_CASE("an own id stands in the bytes where the log says, whatever else the event has") {
    logging log;
    std::string id = "a";
    const auto check = [&](rill::event e) {
        const bool empty = !e.data.data() && !e.comment.data();
        for (const bool own : {true, false}) {
            if (empty && !own) continue;
            e.id = own ? std::string_view{id} : std::string_view{};
            const auto given = log.append(e, {});
            const auto& about = (*log)[log->last()];
            const auto bytes = log.bytes(log->last());
            CAPTURE(bytes);
            CHECK(bytes.substr(about.id_at, 4) == "id: ");
            CHECK(bytes.substr(about.id_at + 4, about.id_size) == given);
            CHECK(bytes.substr(about.id_at + 4 + about.id_size).starts_with('\n'));
            CHECK(about.own_id == own);
            if (own) CHECK(given == id);
            if (own) CHECK(log->find(id) == log->last());
            id += 'a';
        }
    };
    check({});
    check({.data = "x"});
    check({.comment = "c"});
    check({.comment = ""});
    check({.comment = "id: no"});
    check({.name = "n", .data = "id: no\nid: no", .comment = "id: no", .retry = 5s});
    id = std::string(256, 'i');
    CHECK(log.put_as(id) == id);
    CHECK(log->find(id) == log->last());
}
