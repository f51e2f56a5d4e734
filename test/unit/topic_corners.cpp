#include "topic_reading.hpp"

#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>

using rill::published_event;

TEST_CASE(
    "a filtered reader comes to the end of a closed topic, whatever the filter says to its last event") {
    for (const auto* wanted : {"1", "2", ""}) {
        CAPTURE(wanted);
        const auto only = [wanted = std::string{wanted}](const published_event& e) {
            return e.event.data == wanted;
        };
        rill::topic topic;
        reader before{topic.subscribe({}, {.filter = only})};
        before.run();
        topic.publish({.data = "1"});
        topic.publish({.data = "2"});
        topic.close();
        CHECK(before.take() == wanted);
        CHECK(before.over());
        reader after{topic.subscribe({}, {.filter = only, .start = rill::start::earliest})};
        CHECK(after.take() == wanted);
        CHECK(after.over());
    }
}

TEST_CASE("a reader of several topics that were closed before comes to their end") {
    rill::topic one, two;
    one.publish({.data = "1"});
    one.close();
    two.close();
    reader both{rill::subscribe(std::array{&one, &two}, {}, {.start = rill::start::earliest})};
    CHECK(both.take() == "1");
    CHECK(both.over());
}

TEST_CASE("a subscription may go between the wake-up of its reader and its resumption") {
    asio::io_context context{1};
    rill::topic topic;
    auto news = std::make_unique<rill::subscription>(topic.subscribe());
    std::exception_ptr failure;
    asio::co_spawn(
        context,
        [](rill::subscription& from) -> rill::task<void> { static_cast<void>(co_await from.next()); }(*news),
        [&](std::exception_ptr e) { failure = std::move(e); });
    context.poll();
    for (int destroyed_after = 0; destroyed_after < 3; ++destroyed_after) {
        topic.publish({.data = "x"});
        for (int n = 0; n < destroyed_after; ++n) context.poll_one();
        if (news) news.reset();
        context.restart();
        context.poll();
    }
    CHECK(topic.statistics().subscribers == 0);
}

TEST_CASE("who wants one event does not wait for who replays the whole log") {
    asio::io_context context{1};
    rill::topic topic{{.keep_events = 100'000}};
    const std::string text(1000, 'x');
    for (int n = 0; n < 2000; ++n) topic.publish({.data = text});
    auto live = topic.subscribe();
    auto all = topic.subscribe({}, {.start = rill::start::earliest});
    std::size_t replayed = 0, replayed_before = 0;
    bool served = false;
    // It wants another portion with each turn.
    const auto replay = [](rill::subscription& from, std::size_t& count) -> rill::task<void> {
        for (;;) {
            co_await asio::post(asio::use_awaitable);
            count += (co_await from.next_batch()).size();
        }
    };
    const auto wait = [](rill::subscription& from, bool& done) -> rill::task<void> {
        static_cast<void>(co_await from.next());
        done = true;
    };
    const auto ignore = [](std::exception_ptr) {};
    const auto poll_until = [&](auto&& done) {
        while (!done()) REQUIRE(context.poll_one() == 1);
    };
    asio::co_spawn(context, wait(live, served), ignore);
    context.poll();
    asio::co_spawn(context, replay(all, replayed), ignore);
    poll_until([&] { return replayed > 0; });
    topic.publish({.data = "now"});
    replayed_before = replayed;
    poll_until([&] { return served; });
    CHECK(replayed - replayed_before < 500);
    context.poll();
    CHECK(replayed == 2001);
}

TEST_CASE("a snapshot of many keys goes out in portions, once and in order") {
    room s{{.keep_events = 1, .policy = rill::lag_policy::latest}, {.limits = {.write_buffer = 4096}}};
    const std::string text(100, 'x');
    for (int n = 0; n < 1000; ++n) {
        const auto key = std::to_string(n);
        s.topic.publish({.name = key, .data = text}, {.key = key});
    }
    auto reply = s.join({}, "/all");
    s.web.server().run();
    REQUIRE(reply.events().size() == 1000);
    for (std::size_t n = 0; n < 1000; ++n) CHECK(reply.events()[n].type == std::to_string(n));
    CHECK(s.topic.statistics().gaps == 0);
    CHECK(reply.connection().writes() > 20);
}

TEST_CASE("an event with a refused key leaves nothing behind") {
    rill::topic topic{{.keep_bytes = 1 << 20}};
    const std::string large(500'000, 'x');
    const std::string key(257, 'k');
    for (int n = 0; n < 100; ++n) CHECK_THROWS_AS(topic.publish({.data = large}, {.key = key}), rill::error);
    CHECK(topic.statistics().bytes == 0);
    CHECK(topic.statistics().published == 0);
    CHECK_FALSE(topic.publish({.data = "x"}).empty());
}

TEST_CASE("a client that is cut off while several topics have gaps to tell goes on where it was") {
    rill::topic one, two, three;
    const std::array all{&one, &two, &three};
    const std::string text(1000, 'x');
    for (int n = 0; n < 200; ++n) one.publish({.data = text});
    two.publish({.data = "2"});
    three.publish({.data = "3"});
    const std::string old = "000000000001-1,000000000002-1,000000000003-1";
    std::string id = old;
    std::size_t texts = 0;
    std::string others;
    // It takes ten events at a time, and is cut off.
    for (int cut = 0; cut < 100 && texts < 200; ++cut) {
        reader part{rill::subscribe(all, id)};
        auto got = part.messages();
        REQUIRE_FALSE(got.empty());
        for (std::size_t n = 0; n < std::min<std::size_t>(10, got.size()); ++n) {
            if (got[n].data == text)
                ++texts;
            else
                others += word(got[n]) + " ";
            id = got[n].last_event_id;
        }
    }
    CHECK(texts == 200);
    reader last{rill::subscribe(all, id)};
    others += last.take();
    CHECK(others.find("malformed") == others.npos);
    CHECK(others.find(gap("unknown_epoch") + " 2") != others.npos);
    CHECK(others.find(gap("unknown_epoch") + " 3") != others.npos);
}

TEST_CASE("a filter that lets nothing pass leaves the event loop to others now and then") {
    asio::io_context context{1};
    rill::topic topic{{.keep_events = 100'000}};
    const std::string text(1000, 'x');
    for (int n = 0; n < 2000; ++n) topic.publish({.data = text});
    std::size_t seen = 0;
    const auto none = [&seen](const published_event&) { return ++seen, false; };
    auto news = topic.subscribe({}, {.filter = none, .start = rill::start::earliest});
    asio::co_spawn(
        context,
        [](rill::subscription& from) -> rill::task<void> { static_cast<void>(co_await from.next()); }(news),
        [](std::exception_ptr) {});
    std::size_t others_turns = 0;
    while (seen < 2000) {
        const auto before = seen;
        asio::post(context, [&] { ++others_turns; });
        REQUIRE(context.poll_one() == 1);
        CHECK(seen - before < 200);
    }
    CHECK(others_turns > 0);
}
