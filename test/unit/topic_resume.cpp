// Clients that come back with an id: what they missed, or why they cannot have it.
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// What a reader that comes with `id` is given of what is there.
std::string behind(rill::topic& topic, std::string_view id) {
    reader again{topic.subscribe(id)};
    return again.take();
}

/// The reason of the only gap in `told`, which comes first; and `told` without it.
struct telling {
    explicit telling(std::string_view told) {
        CAPTURE(told);
        constexpr std::string_view begin = R"(gap{"reason":")";
        REQUIRE(told.starts_with(begin));
        told.remove_prefix(begin.size());
        reason = told.substr(0, told.find('"'));
        const auto end = told.find('}');
        REQUIRE(end != told.npos);
        told.remove_prefix(std::min(end + 2, told.size()));
        rest = told;
        REQUIRE(rest.find("gap") == rest.npos);
    }
    std::string reason, rest;
};

} // namespace

TEST_CASE("a client goes on behind the event that it saw last, wherever that is") {
    room s;
    std::vector<std::string> ids;
    for (int n = 1; n <= 9; ++n) ids.push_back(s.say(std::to_string(n)));
    for (int n = 1; n <= 9; ++n) {
        CAPTURE(n);
        const auto& id = ids[static_cast<std::size_t>(n - 1)];
        auto reply = s.join(id);
        CHECK(reply.body().starts_with(fmt::format("id: {}\nevent: checkpoint\ndata: {{}}\n\n", id)));
        CHECK(words(reply.events()) == numbers(n + 1, 9));
        CHECK(behind(s.topic, id) == numbers(n + 1, 9));
        auto all = s.join(id, "/all"); // where new ones begin is of no matter
        CHECK(words(all.events()) == numbers(n + 1, 9));
    }
}

TEST_CASE("what is missed and what is new come in one walk") {
    room s;
    const auto id = s.count(1, 3);
    s.count(4, 6);
    auto reply = s.join(id);
    s.count(7, 9);
    CHECK(words(reply.events()) == numbers(4, 9));
}

TEST_CASE("the id may come in the header or in the query, and the header wins") {
    room s;
    const auto one = s.count(1, 1), two = s.count(2, 2);
    s.count(3, 3);
    auto by_query = s.join({}, "/?last_event_id=" + one);
    CHECK(words(by_query.events()) == "2 3");
    auto by_other_name = s.join({}, "/?lastEventId=" + two);
    CHECK(words(by_other_name.events()) == "3");
    auto by_both = s.join(two, "/?last_event_id=" + one);
    CHECK(words(by_both.events()) == "3");
}

TEST_CASE("an empty id is none") {
    room s;
    s.count(1, 3);
    for (const auto* path : {"/?last_event_id=", "/"}) {
        auto reply = s.web.send("GET", path, {{"Last-Event-ID", ""}});
        CHECK(reply.events().empty());
        CHECK(reply.status() == rill::status::ok);
    }
    CHECK(behind(s.topic, {}).empty());
    CHECK(behind(s.topic, "").empty());
}

TEST_CASE("an id that is too long for a request is 400") {
    room s;
    CHECK(s.join(std::string(256, '1')).status() == rill::status::ok);
    CHECK(s.join(std::string(257, '1')).status() == rill::status::bad_request);
    CHECK(s.topic.statistics().subscribers == 0);
}

TEST_CASE("an id from another life of the topic is told as such, and then comes all there is") {
    rill::topic before;
    const auto old = before.publish({.data = "x"});
    room s;
    s.count(1, 3);
    auto reply = s.join(old);
    s.count(4, 4);
    CHECK(words(reply.events()) == gap("unknown_epoch") + " 1 2 3 4");
    CHECK(behind(s.topic, old) == gap("unknown_epoch") + " 1 2 3 4");
    CHECK(behind(s.topic, "000000000000-0") == gap("unknown_epoch") + " 1 2 3 4");
    CHECK(s.topic.statistics().gaps == 3);
}

TEST_CASE("an empty topic tells of a gap too, once") {
    rill::topic before, topic;
    reader again{topic.subscribe(before.publish({.data = "x"}))};
    CHECK(again.take() == gap("unknown_epoch"));
    topic.publish({.data = "1"});
    CHECK(again.take() == "1");
}

TEST_CASE("what is no id is told as such, and then comes all there is") {
    rill::topic topic;
    const auto id = topic.publish({.data = "1"});
    const place at{id};
    topic.publish({.data = "2"});
    const auto& e = at.epoch;
    for (const auto& bad : {
             std::string{"x"},
             std::string{"-"},
             std::string{"7"},
             std::string{" "},
             std::string{","},
             std::string{"0123456789ab"},
             std::string{"0123456789ab-"},
             std::string{"0123456789a-1"},
             std::string{"0123456789abc-1"},
             std::string{"0123456789ag-1"},
             std::string{"0123456789ab--1"},
             std::string{"0123456789ab-+1"},
             std::string{"0123456789ab-1 "},
             std::string{" 0123456789ab-1"},
             std::string{"0123456789ab-1x"},
             std::string{"0123456789ab-0x1"},
             std::string{"0123456789ab-99999999999999999999999"},
             std::string{"\xC3\xBC"},
             std::string{"\xFF\xFE"},
             std::string{"a\0b", 3},
             std::string(100'000, '0'),
             e,
             e + "-",
             e + "-1x",
             e + "-99999999999999999999999",
             e + "-" + std::string(50, '0') + "1x",
         }) {
        CAPTURE(bad);
        CHECK(behind(topic, bad) == gap("malformed_id") + " 1 2");
    }
}

TEST_CASE("an id of this epoch that was never given is told, too") {
    rill::topic topic;
    const place at{topic.publish({.data = "1"})};
    for (const auto& number : {std::to_string(at.sequence + 1), std::string{"18446744073709551615"}}) {
        CAPTURE(number);
        const telling told{behind(topic, at.epoch + "-" + number)};
        CHECK(told.rest == "1");
    }
    reader future{topic.subscribe(at.epoch + "-" + std::to_string(at.sequence + 5))};
    CHECK(telling{future.take()}.rest == "1");
    for (int n = 2; n <= 9; ++n) topic.publish({.data = std::to_string(n)});
    CHECK(future.take() == numbers(2, 9));
}

TEST_CASE("a client that was away for too long is told how many events it missed") {
    room s{{.keep_events = 5}};
    auto first = s.join();
    auto checkpoint = first.last_event_id();
    std::vector ids{checkpoint}; // the place behind so many events
    for (int n = 1; n <= 20; ++n) ids.push_back(s.say(std::to_string(n)));
    for (std::size_t n = 0; n <= 20; ++n) {
        CAPTURE(n);
        auto reply = s.join(ids[n]);
        const auto seen = static_cast<int>(n);
        if (seen < 15)
            CHECK(words(reply.events()) ==
                  gap("trimmed", static_cast<std::uint64_t>(15 - seen)) + " 16 17 18 19 20");
        else
            CHECK(words(reply.events()) == numbers(seen + 1, 20));
    }
    CHECK(s.topic.statistics().gaps == 15);
}

TEST_CASE("who leaves right behind a gap, and comes back with what it has, gets the rest and no other gap") {
    rill::topic before;
    const auto old = before.publish({.data = "x"});
    room s{{.keep_events = 3}};
    const auto first = s.count(1, 1);
    s.count(2, 8);
    for (const auto& id : {old, first, std::string{"junk"}}) {
        CAPTURE(id);
        auto reply = s.join(id);
        REQUIRE(reply.events().size() == 4);
        CHECK(reply.events()[0].type == "gap");
        for (std::size_t n = 0; n < 4; ++n) {
            auto again = s.join(reply.events()[n].last_event_id);
            CHECK(words(again.events()) == numbers(6 + static_cast<int>(n), 8));
        }
        // Nothing stands before the gap that would have the client pass it over.
        CHECK(reply.body().find("event: gap") < reply.body().find("\n\n"));
    }
}

TEST_CASE("a reader learns of a gap as a message of that type") {
    rill::topic topic;
    topic.publish({.data = "1"});
    reader again{topic.subscribe("junk")};
    const auto got = again.messages();
    REQUIRE(got.size() == 2);
    CHECK(got[0].type == "gap");
    CHECK(got[0].data == R"({"reason":"malformed_id"})");
    CHECK(place{got[0].last_event_id}.epoch == place{got[1].last_event_id}.epoch);
    CHECK(place{got[0].last_event_id}.sequence + 1 == place{got[1].last_event_id}.sequence);
}

TEST_CASE("a client that comes back at random, again and again, has each event once and in order") {
    room s{{.keep_events = 50}};
    std::string id, all;
    std::uint32_t random = 1;
    const auto next = [&](std::uint32_t below) {
        random = random * 1664525 + 1013904223;
        return (random >> 16) % below;
    };
    int said = 0;
    for (int round = 0; round < 200; ++round) {
        auto reply = id.empty() ? s.join({}, "/all") : s.join(id);
        const auto before = said + static_cast<int>(next(20));
        s.count(said + 1, before);
        said = before;
        const auto& events = reply.events();
        // It may leave before it has read all of them.
        const auto read = events.empty() ? 0 : next(static_cast<std::uint32_t>(events.size()) + 1);
        for (std::size_t n = 0; n < read; ++n) {
            all += word(events[n]) + " ";
            id = events[n].last_event_id;
        }
        reply.close();
        if (said - std::count(all.begin(), all.end(), ' ') > 30) { // soon what it lacks would leave the log
            auto rest = id.empty() ? s.join({}, "/all") : s.join(id);
            for (const auto& m : rest.events()) {
                all += word(m) + " ";
                id = m.last_event_id;
            }
        }
    }
    auto rest = s.join(id);
    for (const auto& m : rest.events()) all += word(m) + " ";
    CHECK(all == numbers(1, said) + " ");
    CHECK(said > 1000);
    CHECK(s.topic.statistics().gaps == 0);
}
