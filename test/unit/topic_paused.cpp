// Readers that can take nothing now, as those whose client is behind.
#include "topic_listening.hpp"

#include <doctest/doctest.h>

#include <string>

using rill::lag_policy;

TEST_CASE("who is paused is not told of news") {
    for (const auto policy : {lag_policy::disconnect, lag_policy::skip, lag_policy::latest}) {
        crowd c{2, {.keep_events = 10, .policy = policy}};
        c.readers[0].pause();
        c.publish(1, 10);
        CHECK(c.turns() == 1);
        CHECK(c.readers[0].told == 0);
        CHECK(c.readers[1].told == 1);
        c.readers[0].wait();
        CHECK(c.turns() == 1);
        CHECK(c.readers[0].got == numbers(1, 10));
    }
}

TEST_CASE("who is paused is told when it has lost its place for good, all by one handler") {
    crowd c{10, {.keep_events = 5}};
    for (auto& each : c.readers) each.pause();
    c.publish(1, 5);
    CHECK(c.turns() == 0);
    c.publish(6, 6);
    CHECK(c.turns() == 1);
    for (const auto& each : c.readers) {
        CHECK(each.told == 1);
        CHECK(each.over);
    }
    CHECK(c.topic.statistics().disconnected == 10);
    c.publish(7, 99);
    CHECK(c.turns() == 0);
}

TEST_CASE("only those of the paused are told who have lost their place") {
    crowd c{3, {.keep_events = 5}};
    c.readers[0].pause();
    c.readers[1].portion = c.readers[2].portion = 1;
    c.publish(1, 2);
    c.turns();
    c.readers[1].pause();
    c.publish(3, 6);
    c.turns();
    c.readers[2].pause();
    CHECK(c.readers[0].over);
    CHECK_FALSE(c.readers[1].over);
    c.publish(7, 7);
    CHECK(c.turns() == 0);
    c.publish(8, 8);
    CHECK(c.turns() == 1);
    CHECK(c.readers[1].over);
    CHECK_FALSE(c.readers[2].over);
    c.readers[2].wait();
    c.turns();
    CHECK(c.readers[2].got == numbers(1, 8));
    CHECK(c.topic.statistics().disconnected == 2);
}

TEST_CASE("where a paused reader may skip, or go on with the latest, it is not told that it lags") {
    for (const auto policy : {lag_policy::skip, lag_policy::latest}) {
        crowd c{1, {.keep_events = 5, .policy = policy}};
        c.readers[0].pause();
        c.publish(1, 20);
        CHECK(c.turns() == 0);
        c.readers[0].wait();
        CHECK(c.turns() == 1);
        CHECK(c.readers[0].got.ends_with("16 17 18 19 20"));
        CHECK(c.topic.statistics().gaps == 1);
    }
}
