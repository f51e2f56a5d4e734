// Who is told of news, when, and by how many turns of the event loop.
#include "topic_listening.hpp"

#include <asio/post.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

using rill::lag_policy;

TEST_CASE("what nobody waits for costs an event loop nothing") {
    asio::io_context context{1};
    rill::topic topic;
    const auto idle = topic.subscribe();
    listener left{topic, context.get_executor()};
    left.stop_waiting();
    for (int n = 0; n < 10; ++n) topic.publish({.data = "x"});
    CHECK(context.poll() == 0);
    topic.close();
    CHECK(context.poll() == 0);
    CHECK(left.told == 0);
}

TEST_CASE("a burst is one handler, and tells its reader once") {
    crowd c{1};
    c.publish(1, 1000);
    CHECK(c.turns() == 1);
    CHECK(c.told() == 1);
    CHECK(c.all_got(numbers(1, 1000)));
    CHECK(c.turns() == 0);
    c.publish(1001, 1001);
    CHECK(c.turns() == 1);
    CHECK(c.told() == 2);
}

TEST_CASE(
    "a handler tells 64 readers, and as many of them run as that takes, each in the fourth turn after the "
    "one before") {
    for (const std::size_t size : {1, 2, 63, 64, 65, 127, 128, 129, 500}) {
        CAPTURE(size);
        crowd c{size};
        c.publish(1, 100);
        CHECK(c.turns() == 1 + 4 * ((size + 63) / 64 - 1));
        CHECK(c.told() == static_cast<int>(size));
        CHECK(c.all_got(numbers(1, 100)));
        CHECK(c.topic.statistics().delivered == 100 * size);
    }
}

TEST_CASE("others have four turns between one slice of readers and the next") {
    crowd c{200};
    std::vector<int> seen;
    const std::function<void()> other = [&] {
        seen.push_back(c.told());
        if (seen.size() < 13) asio::post(c.context, other);
    };
    c.publish(1, 10);
    asio::post(c.context, other);
    c.turns();
    CHECK(seen == std::vector{64, 64, 64, 64, 128, 128, 128, 128, 192, 192, 192, 192, 200});
}

TEST_CASE("readers at the same place are given the same memory, not copies of it") {
    crowd c{100};
    c.publish(1, 20);
    c.turns();
    const auto* const where = c.readers.front().memory;
    REQUIRE(where != nullptr);
    CHECK(std::ranges::all_of(c.readers, [&](const listener& l) { return l.memory == where; }));
}

TEST_CASE("readers that want different things are each given theirs by the same walk") {
    const auto even = [](const rill::published_event& e) { return (e.event.data.back() - '0') % 2 == 0; };
    crowd c{0};
    const auto at = c.context.get_executor();
    std::string behind;
    for (int n = 1; n <= 4; ++n) behind = c.topic.publish({.data = std::to_string(n)}, {.from = n % 3});
    for (int n = 0; n < 5; ++n) {
        c.readers.emplace_back(c.topic.subscribe(), at);
        c.readers.emplace_back(c.topic.subscribe({}, {.except_from = 1}), at);
        c.readers.emplace_back(c.topic.subscribe({}, {.filter = even}), at);
        c.readers.emplace_back(c.topic.subscribe({}, {.except_from = 2, .filter = even}), at);
        c.readers.emplace_back(c.topic.subscribe(behind, {.start = rill::start::earliest}), at);
    }
    for (int n = 5; n <= 9; ++n) c.topic.publish({.data = std::to_string(n)}, {.from = n % 3});
    CHECK(c.turns() == 1);
    for (std::size_t n = 0; n < 25; n += 5) {
        CHECK(c.readers[n].got == "5 6 7 8 9");
        CHECK(c.readers[n + 1].got == "5 6 8 9");
        CHECK(c.readers[n + 2].got == "6 8");
        CHECK(c.readers[n + 3].got == "6");
        CHECK(c.readers[n + 4].got == "5 6 7 8 9");
    }
}

TEST_CASE("who waits where something is due already is told in the next turn, and not at once") {
    crowd c{1};
    auto& reader = c.readers.front();
    reader.stop_waiting();
    c.publish(1, 3);
    reader.wait();
    CHECK(reader.told == 0);
    CHECK(c.turns() == 1);
    CHECK(reader.told == 1);
    CHECK(reader.got == "1 2 3");
}

TEST_CASE("who takes little at a time is told again until it has all, and others are not held up") {
    crowd c{2};
    c.readers[0].portion = 1;
    c.publish(1, 10);
    CHECK(c.slice() == 2);
    CHECK(c.readers[0].got == "1");
    CHECK(c.readers[1].got == numbers(1, 10));
    CHECK(c.turns() == 9 * 4);
    CHECK(c.readers[0].got == numbers(1, 10));
    CHECK(c.readers[0].told == 10);
    CHECK(c.readers[1].told == 1);
}

TEST_CASE("what is published amid a walk reaches each reader once, in order, without another post") {
    crowd c{150};
    c.publish(1, 3);
    CHECK(c.slice() == 64);
    c.publish(4, 6);
    CHECK(c.slice() == 64);
    c.publish(7, 9);
    c.turns();
    CHECK(c.all_got(numbers(1, 9)));
    CHECK(std::ranges::all_of(c.readers, [](const listener& l) { return l.told <= 2; }));
    CHECK(c.turns() == 0);
}

TEST_CASE("nobody is told a second time before all were told once, however much is published") {
    crowd c{300};
    int published = 1;
    for (auto& each : c.readers)
        each.before = [&] {
            if (published == 1000) return;
            ++published;
            c.publish(published, published);
        };
    c.publish(1, 1);
    for (int turn = 0; turn < 12; ++turn) {
        c.slice();
        const auto [least, most] = std::ranges::minmax_element(c.readers, {}, &listener::told);
        CHECK(most->told - least->told <= 1);
    }
    published = 1000;
    c.turns();
    CHECK(c.told() > 700);
    const auto all = c.readers.front().got;
    CHECK(c.all_got(all));
    CHECK(all.starts_with(numbers(1, 600)));
}

TEST_CASE("readers that keep up are pushed off by nothing that is published before their turn") {
    for (const auto policy : {lag_policy::disconnect, lag_policy::skip}) {
        crowd c{200, {.keep_events = 3, .policy = policy}};
        int n = 0;
        for (int round = 0; round < 5; ++round) {
            // The walk takes four turns: in between, and before, there is always more than the log keeps.
            for (int turn = 0; turn < 4; ++turn) {
                c.publish(n + 1, n + 20);
                n += 20;
                c.slice();
            }
            c.turns();
            CHECK(c.all_got(numbers(1, n)));
            CHECK(c.topic.statistics().events == 3);
        }
        CHECK(c.topic.statistics().gaps == 0);
        CHECK(c.topic.statistics().disconnected == 0);
    }
}

TEST_CASE("publishing that never pauses does not make the log grow: it keeps what one round of turns takes") {
    crowd c{200, {.keep_events = 3}};
    for (int n = 1; n <= 1000; n += 10) {
        c.publish(n, n + 9);
        REQUIRE(c.topic.statistics().events <= 100);
        c.slice();
    }
    c.turns();
    CHECK(c.all_got(numbers(1, 1000)));
    CHECK(c.topic.statistics().events == 3);
}

TEST_CASE("a reader that goes while it is due is not told") {
    crowd c{3};
    c.publish(1, 1);
    SUBCASE("before the walk") {
        c.readers.pop_front();
        CHECK(c.turns() == 1);
        CHECK(c.told() == 2);
    }
    SUBCASE("all of them") {
        c.readers.clear();
        CHECK(c.turns() == 1);
        CHECK(c.topic.statistics().subscribers == 0);
    }
    SUBCASE("amid the walk, by the one before it") {
        c.readers[0].before = [&] { c.readers.pop_back(); };
        CHECK(c.turns() == 1);
        CHECK(c.told() == 2);
        CHECK(c.readers.size() == 2);
    }
    SUBCASE("amid the walk, by itself") {
        c.readers[0].before = [&] { c.readers.pop_front(); };
        CHECK(c.turns() == 1);
        CHECK(c.told() == 2);
    }
    SUBCASE("amid the walk, the last takes all others and itself along") {
        c.readers[0].before = [&] { c.readers.clear(); };
        CHECK(c.turns() == 1);
        CHECK(c.topic.statistics().subscribers == 0);
    }
    CHECK(c.turns() == 0);
    c.publish(2, 2);
    c.turns();
    for (const auto& each : c.readers) CHECK(each.got == "1 2");
}

TEST_CASE("a reader that no longer waits is not told, and gets what it missed when it waits again") {
    crowd c{2};
    c.publish(1, 1);
    c.readers[0].stop_waiting();
    c.readers[0].stop_waiting(); // again does no harm
    CHECK(c.turns() == 1);
    CHECK(c.readers[0].told == 0);
    CHECK(c.readers[1].told == 1);
    c.publish(2, 2);
    CHECK(c.turns() == 1);
    c.readers[0].wait();
    CHECK(c.turns() == 1);
    CHECK(c.readers[0].got == "1 2");
    CHECK(c.readers[1].told == 2);
}

TEST_CASE("a reader may come amid a walk, and is told of what is new to it only") {
    crowd c{100};
    c.publish(1, 1);
    c.slice();
    c.readers.emplace_back(c.topic, c.context.get_executor());
    c.turns();
    CHECK(c.readers.back().told == 0);
    c.publish(2, 2);
    c.turns();
    CHECK(c.readers.back().got == "2");
    c.readers.pop_back();
    CHECK(c.all_got("1 2"));
}

TEST_CASE("closing is one handler, too, and tells those who wait") {
    crowd c{3};
    c.readers[2].pause();
    c.topic.close();
    c.topic.close();
    CHECK(c.turns() == 1);
    CHECK(c.readers[0].over);
    CHECK(c.readers[1].over);
    CHECK(c.readers[2].told == 0);
    c.readers[2].wait();
    CHECK(c.turns() == 1);
    CHECK(c.readers[2].over);
}

TEST_CASE("to close amid a walk, or right behind a burst, takes nothing from anybody") {
    crowd c{100};
    c.publish(1, 5);
    SUBCASE("right behind it") {}
    SUBCASE("amid the walk") {
        c.slice();
    }
    c.topic.close();
    c.turns();
    CHECK(c.all_got("1 2 3 4 5"));
    CHECK(std::ranges::all_of(c.readers, &listener::over));
    CHECK(c.turns() == 0);
}

TEST_CASE("a topic that goes while a walk is posted gives its readers all there is, and the end") {
    asio::io_context context{1};
    auto topic = std::make_unique<rill::topic>();
    listener reader{*topic, context.get_executor()};
    topic->publish({.data = "1"});
    topic.reset();
    context.poll();
    CHECK(reader.got == "1");
    CHECK(reader.over);
}
