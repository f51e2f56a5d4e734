// What a topic takes, keeps and gives.
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using rill::topic_errc;

TEST_CASE("an event gets an id of the topic's epoch and its number, and that is the id on the wire") {
    room s;
    auto reply = s.join();
    const auto first = s.say("a"), second = s.say("b");
    const auto& events = reply.events();
    REQUIRE(events.size() == 2);
    CHECK(events[0] == rill::message{"message", "a", first});
    CHECK(events[1] == rill::message{"message", "b", second});
    CHECK(place{first}.epoch == place{second}.epoch);
    CHECK(place{first}.sequence + 1 == place{second}.sequence);
    CHECK(reply.body().ends_with(fmt::format("id: {}\ndata: a\n\nid: {}\ndata: b\n\n", first, second)));
}

TEST_CASE("two topics have two epochs") {
    rill::topic one, two;
    CHECK(place{one.publish({.data = "x"})}.epoch != place{two.publish({.data = "x"})}.epoch);
}

TEST_CASE("a stream begins with its place as a checkpoint, in one write with the head") {
    room s;
    SUBCASE("before the first event") {}
    SUBCASE("behind some") {
        s.count(1, 3);
    }
    auto reply = s.join();
    CHECK(reply.status() == rill::status::ok);
    CHECK(reply.fields().find("Content-Type") == "text/event-stream");
    CHECK(reply.body() == fmt::format("id: {}\nevent: checkpoint\ndata: {{}}\n\n", reply.last_event_id()));
    CHECK(reply.events().empty());
    CHECK(reply.connection().writes() == 1);
    const place stands{reply.last_event_id()};
    CHECK(place{s.say("next")}.sequence == stands.sequence + 1);
    CHECK(words(reply.events()) == "next");
}

TEST_CASE(
    "a client that is cut off before the first event comes back with the checkpoint and loses nothing") {
    room s;
    std::string checkpoint;
    {
        auto reply = s.join();
        checkpoint = reply.last_event_id();
    }
    s.count(1, 3);
    auto reply = s.join(checkpoint);
    CHECK(words(reply.events()) == "1 2 3");
}

TEST_CASE("a new client gets what is published from then on, or all there is if it is to") {
    room s;
    s.count(1, 3);
    auto fresh = s.join();
    auto all = s.join({}, "/all");
    s.count(4, 5);
    CHECK(words(fresh.events()) == "4 5");
    CHECK(words(all.events()) == "1 2 3 4 5");
}

TEST_CASE("an event goes out with all its fields, in the order of encode") {
    room s;
    auto reply = s.join();
    const auto before = reply.body().size();
    const auto id = s.topic.publish({.name = "n", .data = "a\r\nb\n", .comment = "c", .retry = 5s});
    s.web.server().run();
    CHECK(reply.body().substr(before) ==
          fmt::format(": c\nid: {}\nevent: n\nretry: 5000\ndata: a\ndata: b\ndata: \n\n", id));
}

TEST_CASE("what has no data is passed on too, and moves the client's id") {
    room s;
    auto reply = s.join();
    const auto before = reply.body().size();
    const auto id = s.topic.publish({.retry = 5s});
    s.web.server().run();
    CHECK(reply.body().substr(before) ==
          fmt::format("id: {}\nevent: checkpoint\nretry: 5000\ndata: {{}}\n\n", id));
    CHECK(reply.events().empty());
    s.say("x");
    auto again = s.join(id);
    CHECK(words(again.events()) == "x");
}

TEST_CASE("an event that cannot be encoded is refused, and takes no number") {
    rill::topic topic;
    const place before{topic.publish({.data = "x"})};
    CHECK(refusal_of([&] { topic.publish({}); }) == rill::sse_errc::empty_event);
    CHECK(refusal_of([&] { topic.publish({.data = "\xFF"}); }) == rill::sse_errc::invalid_utf8);
    CHECK(refusal_of([&] { topic.publish({.name = "a\nb"}); }) == rill::sse_errc::line_end_in_name);
    CHECK(refusal_of([&] { topic.publish({.comment = "\r"}); }) == rill::sse_errc::line_end_in_comment);
    CHECK(refusal_of([&] { topic.publish({.retry = -1ms}); }) == rill::sse_errc::negative_retry);
    CHECK(topic.statistics().published == 1);
    CHECK(topic.statistics().events == 1);
    CHECK(place{topic.publish({.data = "y"})}.sequence == before.sequence + 1);
    reader all{topic.subscribe({}, {.start = rill::start::earliest})};
    CHECK(all.take() == "x y");
}

TEST_CASE("an event of as many bytes as the topic keeps is taken, one more is too large") {
    const std::string text(500, 'x');
    rill::topic roomy;
    roomy.publish({.data = text});
    const auto size = roomy.statistics().bytes;
    CHECK(size > text.size());

    rill::topic exact{{.keep_bytes = size}};
    exact.publish({.data = text});
    CHECK(refusal_of([&] { exact.publish({.data = text + "x"}); }) == topic_errc::event_too_large);
    CHECK(exact.statistics().events == 1);
    CHECK(exact.statistics().published == 1);
    reader all{exact.subscribe({}, {.start = rill::start::earliest})};
    CHECK(all.take() == text);
}

TEST_CASE("a topic keeps as many events as it is told, and as many bytes") {
    const auto kept = [](const rill::topic_options& options) {
        rill::topic topic{options};
        for (int n = 1; n <= 99; ++n) topic.publish({.data = std::to_string(n)});
        const auto now = topic.statistics();
        CHECK(now.bytes <= options.keep_bytes);
        CHECK(now.events <= options.keep_events);
        reader all{topic.subscribe({}, {.start = rill::start::earliest})};
        CHECK(all.take() == numbers(100 - static_cast<int>(now.events), 99));
        return now;
    };
    CHECK(kept({.keep_events = 1}).events == 1);
    CHECK(kept({.keep_events = 10}).events == 10);
    CHECK(kept({.keep_events = 99}).events == 99);
    CHECK(kept({.keep_events = 1000}).events == 99);
    const auto one = kept({.keep_events = 1}).bytes;
    CHECK(kept({.keep_bytes = 5 * one}).events == 5);
    CHECK(kept({.keep_bytes = 6 * one - 1}).events == 5);
    CHECK(kept({.keep_events = 3, .keep_bytes = 5 * one}).events == 3);
}

TEST_CASE("one large event may push out many small ones") {
    rill::topic topic{{.keep_bytes = 1000}};
    for (int n = 1; n <= 9; ++n) topic.publish({.data = std::to_string(n)});
    const std::string large(900, 'x');
    topic.publish({.data = large});
    CHECK(topic.statistics().bytes <= 1000);
    reader all{topic.subscribe({}, {.start = rill::start::earliest})};
    CHECK(all.take().ends_with(large));
}

TEST_CASE("an event that is too old is gone for those who come, whether anything is published or not") {
    rill::topic topic{{.keep_age = 5ms}};
    const auto first = topic.publish({.data = "old"});
    topic.publish({.data = "as old"});
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (topic.statistics().events > 0 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(1ms);
    CHECK(topic.statistics().events == 0);
    CHECK(topic.statistics().bytes == 0);
    reader fresh{topic.subscribe({}, {.start = rill::start::earliest})};
    CHECK(fresh.take().empty());
    reader again{topic.subscribe(first)};
    CHECK(again.take() == gap("trimmed", 1));
}

TEST_CASE("options that leave no room for anything are refused") {
    CHECK_THROWS_AS(rill::topic{{.keep_events = 0}}, std::invalid_argument);
    CHECK_THROWS_AS(rill::topic{{.keep_bytes = 0}}, std::invalid_argument);
    CHECK_THROWS_AS(rill::topic{{.max_subscribers = 0}}, std::invalid_argument);
}

TEST_CASE("a key may be any UTF-8 of up to 256 bytes") {
    rill::topic topic;
    topic.publish({.data = "x"}, {.key = std::string(256, 'k')});
    topic.publish({.data = "x"}, {.key = "a\nkey, with\tall ü"});
    CHECK(refusal_of([&] { topic.publish({.data = "x"}, {.key = std::string(257, 'k')}); }) ==
          topic_errc::key_not_allowed);
    CHECK(refusal_of([&] { topic.publish({.data = "x"}, {.key = "\xC3"}); }) == topic_errc::key_not_allowed);
    CHECK(topic.statistics().published == 2);
}

TEST_CASE("closing gives readers what is there and then the end") {
    room s;
    auto live = s.join(), late = s.join();
    late.connection().window(0);
    s.count(1, 3);
    s.topic.publish({.data = "4"});
    s.topic.close();
    s.web.server().run();
    CHECK(words(live.events()) == "1 2 3 4");
    CHECK(live.complete());
    CHECK_FALSE(live.cut());
    CHECK_FALSE(late.complete());
    late.connection().window(100'000);
    CHECK(words(drained(late)) == "1 2 3 4");
    CHECK(late.complete());
    CHECK(s.topic.statistics().subscribers == 0);
}

TEST_CASE("to subscribe to a closed topic gives what is there and the end") {
    room s;
    const auto first = s.count(1, 1);
    s.count(2, 3);
    s.topic.close();
    s.topic.close(); // again does no harm
    auto all = s.join({}, "/all"), behind = s.join(first), fresh = s.join();
    CHECK(words(all.events()) == "1 2 3");
    CHECK(words(behind.events()) == "2 3");
    CHECK(fresh.events().empty());
    for (auto* reply : {&all, &behind, &fresh}) {
        CHECK(reply->status() == rill::status::ok);
        CHECK(reply->complete());
    }
    CHECK(fresh.body().starts_with("id: "));
}

TEST_CASE("nothing can be published once a topic is closed") {
    rill::topic topic;
    topic.publish({.data = "1"});
    topic.close();
    CHECK(refusal_of([&] { topic.publish({.data = "2"}); }) == topic_errc::closed);
    CHECK(topic.statistics().published == 1);
}

TEST_CASE("a topic may go before its subscriptions: they give what is there and then the end") {
    auto topic = std::make_unique<rill::topic>();
    topic->publish({.data = "1"});
    reader waits{topic->subscribe()}, all{topic->subscribe({}, {.start = rill::start::earliest})};
    auto idle = std::optional{topic->subscribe()}; // nobody ever reads it
    CHECK(waits.take().empty());
    topic->publish({.data = "2"});
    topic.reset();
    CHECK(waits.take() == "2");
    CHECK(waits.over());
    CHECK(waits.failure() == nullptr);
    CHECK(all.take() == "1 2");
    CHECK(all.over());
    idle.reset();
}

TEST_CASE("a stream ends with the topic that it is of") {
    rill::router routes;
    auto topic = std::make_unique<rill::topic>();
    routes.get("/", [&](rill::request& request) { return topic->subscribe(request); });
    rill::testing::server server{routes};
    auto reply = server.get("/");
    topic->publish({.data = "1"});
    topic.reset();
    server.run();
    CHECK(words(reply.events()) == "1");
    CHECK(reply.complete());
}

TEST_CASE("a topic has no more subscribers than it is told, and a place that was left is free") {
    room s{{.max_subscribers = 2}};
    auto one = s.join();
    {
        auto two = s.join(), three = s.join();
        CHECK(two.status() == rill::status::ok);
        CHECK(three.status() == rill::status::service_unavailable);
        CHECK(refusal_of([&] { static_cast<void>(s.topic.subscribe()); }) ==
              topic_errc::too_many_subscribers);
        CHECK(s.topic.statistics().subscribers == 2);
    }
    CHECK(s.topic.statistics().subscribers == 1);
    {
        const auto by_hand = s.topic.subscribe();
        CHECK(s.join().status() == rill::status::service_unavailable);
    }
    CHECK(s.join().status() == rill::status::ok);
    CHECK(s.web.log.lines.empty());
}
