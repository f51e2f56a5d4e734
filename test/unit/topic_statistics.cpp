// The counts, to the last event.
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <string>

using rill::lag_policy;
using rill::topic_statistics;

namespace {

struct counts {
    std::size_t subscribers, events;
    std::uint64_t published, delivered, dropped, gaps, disconnected;
};

/// A reader that has one event, the first of the topic, and waits for nothing.
rill::subscription begin(rill::topic& topic) {
    auto from = topic.subscribe();
    topic.publish({.data = "0"});
    CHECK(due_to(from) == "0");
    return from;
}

void check(const rill::topic& topic, const counts& wanted) {
    const auto s = topic.statistics();
    CHECK(s.subscribers == wanted.subscribers);
    CHECK(s.events == wanted.events);
    CHECK(s.published == wanted.published);
    CHECK(s.delivered == wanted.delivered);
    CHECK(s.dropped == wanted.dropped);
    CHECK(s.gaps == wanted.gaps);
    CHECK(s.disconnected == wanted.disconnected);
}

} // namespace

TEST_CASE("a new topic has all counts at zero") {
    const rill::topic topic;
    check(topic, {});
    CHECK(topic.statistics().bytes == 0);
}

TEST_CASE("statistics add up member by member") {
    topic_statistics a{1, 2, 3, 4, 5, 6, 7, 8};
    const topic_statistics b{10, 20, 30, 40, 50, 60, 70, 80};
    (a += b) += a;
    CHECK(a.subscribers == 22);
    CHECK(a.events == 44);
    CHECK(a.bytes == 66);
    CHECK(a.published == 88);
    CHECK(a.delivered == 110);
    CHECK(a.dropped == 132);
    CHECK(a.gaps == 154);
    CHECK(a.disconnected == 176);
}

TEST_CASE("bytes are those of the events in the log as they go over the wire") {
    room s{{.keep_events = 3}};
    auto reply = s.join();
    const auto before = reply.body().size();
    s.count(1, 3);
    CHECK(s.topic.statistics().bytes == reply.body().size() - before);
    s.count(4, 4);
    s.topic.publish({.id = "an id of one's own", .name = "n", .data = std::string(100, 'x'), .comment = "c"});
    s.web.server().run();
    const auto body = reply.body();
    CHECK(s.topic.statistics().bytes == body.size() - body.find("data: 2\n\n") - 9);
}

TEST_CASE("an event is delivered once for each subscriber that was given one") {
    room s{{.keep_events = 100}};
    s.count(1, 5);
    auto one = s.join(), two = s.join();
    check(s.topic, {2, 5, 5, 0, 0, 0, 0});
    s.count(6, 10);
    check(s.topic, {2, 10, 10, 10, 0, 0, 0});
    auto three = s.join({}, "/all");
    check(s.topic, {3, 10, 10, 20, 0, 0, 0});
    auto again = s.join(one.events()[2].last_event_id);
    check(s.topic, {4, 10, 10, 22, 0, 0, 0});
    two.close();
    s.count(11, 11);
    check(s.topic, {3, 11, 11, 25, 0, 0, 0});
}

TEST_CASE("readers of next count as those over connections do") {
    rill::topic topic;
    reader one{topic.subscribe()}, two{topic.subscribe()};
    for (int n = 0; n < 10; ++n) topic.publish({.data = "x"});
    CHECK(topic.statistics().delivered == 0);
    one.run();
    CHECK(topic.statistics().delivered == 10);
    two.run();
    check(topic, {2, 10, 10, 20, 0, 0, 0});
}

TEST_CASE("events that a subscriber does not want are neither delivered nor dropped") {
    rill::topic topic{{.keep_events = 5}};
    const auto none = [](const rill::published_event&) { return false; };
    reader nothing{topic.subscribe({}, {.filter = none})}, others{topic.subscribe({}, {.except_from = 1})};
    for (int n = 0; n < 10; ++n) {
        topic.publish({.data = "x"}, {.from = 1});
        nothing.run();
        others.run();
    }
    check(topic, {2, 5, 10, 0, 0, 0, 0});
}

TEST_CASE("a client that was away has dropped what is trimmed") {
    rill::topic topic{{.keep_events = 4}};
    const auto id = topic.publish({.data = "1"});
    for (int n = 2; n <= 10; ++n) topic.publish({.data = std::to_string(n)});
    {
        reader again{topic.subscribe(id)};
        CHECK(again.take() == gap("trimmed", 5) + " 7 8 9 10");
        check(topic, {1, 4, 10, 4, 5, 1, 0});
    }
    reader junk{topic.subscribe("junk")};
    junk.run();
    check(topic, {1, 4, 10, 8, 5, 2, 0}); // how much it lacks is not known
}

TEST_CASE("a subscriber that falls off is counted when that happens") {
    SUBCASE("and is disconnected") {
        rill::topic topic{{.keep_events = 4}};
        auto busy = begin(topic);
        for (int n = 1; n <= 10; ++n) topic.publish({.data = std::to_string(n)});
        CHECK(due_to(busy) == "end");
        const auto s = topic.statistics();
        CHECK(s.disconnected == 1);
        CHECK(s.gaps == 0);
        CHECK(s.delivered == 1);
    }
    SUBCASE("and skips") {
        rill::topic topic{{.keep_events = 4, .policy = lag_policy::skip}};
        auto busy = begin(topic);
        for (int n = 1; n <= 10; ++n) topic.publish({.data = std::to_string(n)});
        CHECK(due_to(busy) == gap("lagged", 6) + " 7 8 9 10");
        check(topic, {1, 4, 11, 5, 6, 1, 0});
    }
    SUBCASE("and takes the newest") {
        rill::topic topic{{.keep_events = 4, .policy = lag_policy::latest}};
        auto busy = begin(topic);
        for (int n = 1; n <= 10; ++n) topic.publish({.data = std::to_string(n)}, {.key = "k"});
        CHECK(due_to(busy) == gap("superseded", 9) + " 10");
        const auto s = topic.statistics();
        CHECK(s.delivered == 2);
        CHECK(s.dropped == 9);
        CHECK(s.gaps == 1);
        CHECK(s.disconnected == 0);
    }
}

TEST_CASE("what is refused is not counted") {
    rill::topic topic{{.keep_bytes = 100, .max_subscribers = 1}};
    const auto seat = topic.subscribe();
    CHECK_THROWS_AS(topic.publish({.data = std::string(200, 'x')}), rill::error);
    CHECK_THROWS_AS(topic.publish({}), rill::error);
    CHECK_THROWS_AS(static_cast<void>(topic.subscribe()), rill::error);
    topic.close();
    CHECK_THROWS_AS(topic.publish({.data = "x"}), rill::error);
    check(topic, {1, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("a reader of several topics is a subscriber of each") {
    rill::topic a, b;
    {
        reader both{rill::subscribe(std::array{&a, &b})};
        both.run();
        a.publish({.data = "1"});
        b.publish({.data = "2"});
        b.publish({.data = "3"});
        both.run();
        check(a, {1, 1, 1, 1, 0, 0, 0});
        check(b, {1, 2, 2, 2, 0, 0, 0});
    }
    CHECK(a.statistics().subscribers == 0);
    CHECK(b.statistics().subscribers == 0);
}
