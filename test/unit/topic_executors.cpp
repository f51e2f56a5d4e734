// Readers in more than one event loop, in strands and on threads.
#include "topic_listening.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>
#include <doctest/doctest.h>

#include <array>
#include <deque>
#include <sstream>
#include <string>
#include <thread>

TEST_CASE("an event loop that goes with a walk in it leaves the topic and its other readers unharmed") {
    rill::topic topic;
    asio::io_context stays{1};
    listener other{topic, stays.get_executor()};
    {
        asio::io_context goes{1};
        listener reader{topic, goes.get_executor()};
        topic.publish({.data = "1"});
    }
    CHECK(topic.statistics().subscribers == 1);
    topic.publish({.data = "2"});
    CHECK(stays.poll() == 1);
    CHECK(other.got == "1 2");
}

TEST_CASE("readers in two event loops are told by a handler in each") {
    rill::topic topic;
    asio::io_context one{1}, two{1};
    std::deque<listener> first, second;
    for (int n = 0; n < 3; ++n) {
        first.emplace_back(topic, one.get_executor());
        second.emplace_back(topic, two.get_executor());
    }
    for (int n = 1; n <= 9; ++n) topic.publish({.data = std::to_string(n)});
    CHECK(one.poll() == 1);
    for (const auto& each : first) CHECK(each.got == numbers(1, 9));
    for (const auto& each : second) CHECK(each.told == 0);
    topic.publish({.data = "10"});
    one.restart();
    CHECK(one.poll() == 1);
    CHECK(two.poll() == 1);
    for (const auto& each : first) CHECK(each.told == 2);
    for (const auto& each : second) CHECK(each.told == 1);
    for (const auto& each : second) CHECK(each.got == numbers(1, 10));
}

TEST_CASE("a reader may wait in another event loop than before") {
    rill::topic topic;
    asio::io_context one{1}, two{1};
    listener reader{topic, one.get_executor()};
    topic.publish({.data = "1"});
    SUBCASE("after it was told") {
        CHECK(one.poll() == 1);
        reader.stop_waiting();
        reader.move_to(two.get_executor());
        reader.wait();
        topic.publish({.data = "2"});
        CHECK(one.poll() == 0);
    }
    SUBCASE("while it is due in the first") {
        reader.stop_waiting();
        reader.move_to(two.get_executor());
        reader.wait();
        topic.publish({.data = "2"});
        CHECK(one.poll() <= 1);
        CHECK(reader.told == 0);
    }
    CHECK(two.poll() == 1);
    CHECK(reader.got == "1 2");
}

TEST_CASE("readers in a strand are told in it, by one handler") {
    rill::topic topic;
    asio::io_context context{1};
    const auto strand = asio::make_strand(context);
    std::deque<listener> readers;
    int inside = 0;
    for (int n = 0; n < 3; ++n) {
        // Each has its own copy of the executor: what counts is that it is the same strand.
        const auto copy = asio::any_io_executor{strand};
        readers.emplace_back(topic, copy).before = [&] { inside += strand.running_in_this_thread() ? 1 : 0; };
    }
    for (int n = 1; n <= 9; ++n) topic.publish({.data = std::to_string(n)});
    CHECK(context.poll() == 1);
    CHECK(inside == 3);
    for (const auto& each : readers) CHECK(each.got == numbers(1, 9));

    listener outside{topic, context.get_executor()};
    listener elsewhere{topic, asio::make_strand(context)};
    topic.publish({.data = "10"});
    context.restart();
    CHECK(context.poll() == 3);
    CHECK(inside == 6);
    CHECK(outside.got == "10");
    CHECK(elsewhere.got == "10");
}

TEST_CASE("a reader of two topics is told once by what came in both") {
    asio::io_context context{1};
    rill::topic one, two;
    listener both{rill::subscribe(std::array{&one, &two}), context.get_executor()};
    one.publish({.data = "1"});
    two.publish({.data = "2"});
    CHECK(context.poll() == 2); // one for each topic, and the second finds nobody
    CHECK(both.told == 1);
    CHECK(both.got == "1 2");
    two.publish({.data = "3"});
    context.restart();
    CHECK(context.poll() == 1);
    CHECK(both.told == 2);
    CHECK(both.got == "1 2 3");
}

TEST_CASE("readers on two threads get all that two others publish, once and in order") {
    constexpr int each_publishes = 500;
    rill::topic topic{{.keep_events = 10}};
    asio::io_context one{1}, two{1};
    std::deque<listener> readers;
    for (int n = 0; n < 100; ++n) readers.emplace_back(topic, (n % 2 == 0 ? one : two).get_executor());
    const auto serve = [](asio::io_context& context) {
        return std::thread{[&context] {
            const auto work = asio::make_work_guard(context);
            context.run();
        }};
    };
    auto first = serve(one), second = serve(two);
    const auto publish = [&](const char* name) {
        for (int n = 1; n <= each_publishes; ++n) topic.publish({.data = name + std::to_string(n)});
    };
    std::thread other{publish, "b"};
    publish("a");
    other.join();
    // The last turn of each loop is behind the walks that all this called for.
    topic.close();
    for (auto* const context : {&one, &two}) asio::post(*context, [context] { context->stop(); });
    first.join();
    second.join();
    for (auto* const context : {&one, &two}) {
        context->restart();
        context->poll();
    }
    std::istringstream all{readers.front().got};
    int a = 0, b = 0;
    for (std::string each; all >> each;)
        REQUIRE(each.substr(1) == std::to_string(each.front() == 'a' ? ++a : ++b));
    CHECK(a == each_publishes);
    CHECK(b == each_publishes);
    for (const auto& each : readers) {
        REQUIRE(each.got == readers.front().got);
        REQUIRE(each.over);
    }
    CHECK(topic.statistics().disconnected == 0);
}
