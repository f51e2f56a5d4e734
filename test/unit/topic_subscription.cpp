// Reading a subscription message by message, in handlers and in any coroutine of Asio.
#include "topic_reading.hpp"

#include <asio/detached.hpp>
#include <asio/this_coro.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<rill::subscription>);
static_assert(std::is_nothrow_move_constructible_v<rill::subscription>);
static_assert(std::is_nothrow_move_assignable_v<rill::subscription>);
static_assert(std::is_convertible_v<rill::subscription, rill::response>);
static_assert(rill::plain_handler<rill::subscription (*)(rill::request&)>);

namespace {

/// Reads batch by batch; a batch is a word in brackets.
rill::task<void> read_batches(rill::subscription from, std::string& log) {
    for (;;) {
        const auto batch = co_await from.next_batch();
        if (batch.empty()) break;
        log += '[';
        for (const auto& m : batch) log += word(m) + (&m == &batch.back() ? "" : " ");
        log += ']';
    }
    log += "end";
}

} // namespace

TEST_CASE("next gives each event as a message, and null at the end") {
    rill::topic topic;
    reader all{topic.subscribe()};
    const auto one = topic.publish({.name = "n", .data = "a\r\nb"});
    topic.publish({.retry = 5s}); // no message
    const auto two = topic.publish({.name = "empty"});
    topic.publish({.id = "own", .data = "c"});
    const std::vector<rill::message> wanted{{"n", "a\nb", one}, {"empty", "", two}, {"message", "c", "own"}};
    CHECK(all.messages() == wanted);
    CHECK_FALSE(all.over());
    topic.close();
    CHECK(all.over());
    CHECK(all.failure() == nullptr);
}

TEST_CASE("next waits for an event, in any event loop") {
    rill::topic topic;
    reader one{topic.subscribe()}, two{topic.subscribe()};
    CHECK(one.take().empty());
    topic.publish({.data = "1"});
    CHECK(one.take() == "1");
    topic.publish({.data = "2"});
    CHECK(one.take() == "2");
    CHECK(two.take() == "1 2");
}

TEST_CASE("next_batch gives all that is due, and nothing at the end") {
    rill::topic topic;
    asio::io_context context{1};
    std::string log;
    const auto id = topic.publish({.data = "1"});
    topic.publish({.data = "2"});
    topic.publish({.data = "3"});
    asio::co_spawn(context, read_batches(topic.subscribe(id), log), asio::detached);
    context.poll();
    CHECK(log == "[2 3]");
    topic.publish({.data = "4"});
    context.poll();
    topic.publish({.data = "5"});
    topic.publish({.data = "6"});
    topic.close();
    context.poll();
    CHECK(log == "[2 3][4][5 6]end");
}

TEST_CASE("next_batch leaves out what has no data, and never gives an empty batch before the end") {
    rill::topic topic;
    asio::io_context context{1};
    std::string log;
    asio::co_spawn(context, read_batches(topic.subscribe(), log), asio::detached);
    context.poll();
    topic.publish({.retry = 1s});
    context.poll();
    CHECK(log.empty());
    topic.publish({.comment = "x"});
    topic.publish({.data = "1"});
    context.poll();
    CHECK(log == "[1]");
}

TEST_CASE("a reader may take batches and single messages in turn, and loses nothing") {
    rill::topic topic;
    const auto mixed = [](rill::subscription from, std::string& log) -> rill::task<void> {
        for (;;) {
            const auto* const one = co_await from.next();
            if (!one) break;
            log += word(*one) + " ";
            const auto batch = co_await from.next_batch();
            if (batch.empty()) break;
            for (const auto& m : batch) log += word(m) + ",";
        }
    };
    asio::io_context context{1};
    std::string log;
    asio::co_spawn(context, mixed(topic.subscribe(), log), asio::detached);
    for (int n = 1; n <= 3; ++n) topic.publish({.data = std::to_string(n)});
    context.poll();
    CHECK(log == "1 2,3,");
    topic.publish({.data = "4"});
    context.poll();
    topic.publish({.data = "5"});
    context.poll();
    topic.close();
    context.poll();
    CHECK(log == "1 2,3,4 5,");
}

TEST_CASE("a long replay comes whole, in order") {
    rill::topic topic{{.keep_events = 10'000}};
    for (int n = 1; n <= 10'000; ++n) topic.publish({.data = std::to_string(n)});
    reader all{topic.subscribe({}, {.start = rill::start::earliest})};
    CHECK((all.take() == numbers(1, 10'000)));
}

TEST_CASE("events far larger than any buffer come whole") {
    rill::topic topic{{.keep_bytes = 8 << 20}};
    const std::string large(3'000'000, 'x');
    reader all{topic.subscribe()};
    topic.publish({.data = large});
    topic.publish({.data = "small"});
    const auto got = all.messages();
    REQUIRE(got.size() == 2);
    CHECK((got[0].data == large));
    CHECK(got[1].data == "small");
}

TEST_CASE("a cancelled next throws operation_aborted, and the subscription can be read on") {
    rill::topic topic;
    std::string log;
    const auto read = [](rill::subscription from, std::string& out) -> rill::task<void> {
        try {
            while (const auto* m = co_await from.next()) out += word(*m) + " ";
            out += "end";
        } catch (const std::system_error& e) {
            out += e.code() == asio::error::operation_aborted ? "aborted " : "? ";
        }
        co_await asio::this_coro::reset_cancellation_state();
        if (const auto* m = co_await from.next()) out += word(*m);
    };
    asio::io_context context{1};
    asio::cancellation_signal cancellation;
    asio::co_spawn(context, read(topic.subscribe(), log),
                   asio::bind_cancellation_slot(cancellation.slot(), asio::detached));
    topic.publish({.data = "1"});
    context.poll();
    cancellation.emit(asio::cancellation_type::terminal);
    context.poll();
    CHECK(log == "1 aborted ");
    topic.publish({.data = "2"});
    context.restart();
    context.poll();
    CHECK(log == "1 aborted 2");
}

TEST_CASE("a reader that is cancelled leaves the topic") {
    rill::topic topic;
    reader one{topic.subscribe()};
    one.run();
    CHECK(topic.statistics().subscribers == 1);
    one.cancel();
    CHECK(one.over());
    REQUIRE(one.failure() != nullptr);
    CHECK_THROWS_AS(std::rethrow_exception(one.failure()), std::system_error);
    CHECK(topic.statistics().subscribers == 0);
    topic.publish({.data = "1"});
    one.run();
}

TEST_CASE("a reader that is cancelled in the turn that has news for it leaves the topic all the same") {
    rill::topic topic;
    reader one{topic.subscribe()};
    one.run();
    topic.publish({.data = "1"});
    one.cancel();
    CHECK(one.over());
    CHECK(topic.statistics().subscribers == 0);
}

TEST_CASE("an event loop that goes takes the readers in it along") {
    rill::topic topic;
    {
        reader waits{topic.subscribe()}, has_news{topic.subscribe()}, never_ran{topic.subscribe()};
        waits.run();
        has_news.run();
        CHECK(topic.statistics().subscribers == 3);
        topic.publish({.data = "1"});
        waits.run();
    }
    CHECK(topic.statistics().subscribers == 0);
    topic.publish({.data = "2"});
}

TEST_CASE("a subscription that is destroyed while somebody waits for its next event takes the waiter along") {
    rill::topic topic;
    asio::io_context context{1};
    std::string log;
    auto shared = std::make_unique<rill::subscription>(topic.subscribe());
    const auto read = [](rill::subscription& from, std::string& out) -> rill::task<void> {
        const std::shared_ptr<void> local{nullptr, [&out](void*) { out += "gone"; }};
        co_await from.next();
        out += "resumed";
    };
    SUBCASE("which has no news") {
        asio::co_spawn(context, read(*shared, log), asio::detached);
        context.poll();
    }
    SUBCASE("which has news that it did not see yet") {
        asio::co_spawn(context, read(*shared, log), asio::detached);
        context.poll();
        topic.publish({.data = "1"});
    }
    SUBCASE("whose topic was closed meanwhile") {
        asio::co_spawn(context, read(*shared, log), asio::detached);
        context.poll();
        topic.close();
    }
    shared.reset();
    CHECK(topic.statistics().subscribers == 0);
    context.restart();
    context.poll();
    CHECK(log == "gone");
}

TEST_CASE("a subscription may outlive the event loop that it was read in, and be read in another") {
    rill::topic topic;
    auto kept = topic.subscribe();
    const auto read = [](rill::subscription& from, std::string& out) -> rill::task<void> {
        while (const auto* m = co_await from.next()) out += word(*m) + " ";
    };
    std::string log;
    SUBCASE("where nothing came") {
        asio::io_context context{1};
        asio::co_spawn(context, read(kept, log), asio::detached);
        context.poll();
    }
    SUBCASE("where something came that it did not see") {
        asio::io_context context{1};
        asio::co_spawn(context, read(kept, log), asio::detached);
        context.poll();
        topic.publish({.data = "0"});
    }
    topic.publish({.data = "1"}); // there is nobody to be told
    CHECK(topic.statistics().subscribers == 1);
    for (int n = 2; n <= 4; ++n) {
        topic.publish({.data = "before"});
        log.clear();
        asio::io_context context{1};
        asio::co_spawn(context, read(kept, log), asio::detached);
        context.poll();
        CHECK(log.ends_with("before "));
        log.clear();
        topic.publish({.data = std::to_string(n)});
        context.poll();
        CHECK(log == std::to_string(n) + " ");
        if (n == 3) topic.publish({.data = "too late for this loop"});
    }
}

TEST_CASE("a subscription may be moved, and the one it replaces leaves") {
    rill::topic topic;
    auto one = topic.subscribe(), two = topic.subscribe();
    CHECK(topic.statistics().subscribers == 2);
    one = std::move(two);
    CHECK(topic.statistics().subscribers == 1);
    topic.publish({.data = "1"});
    auto three = std::move(one);
    reader last{std::move(three)};
    CHECK(last.take() == "1");
    CHECK(topic.statistics().subscribers == 1);
}

TEST_CASE("a handler reads on next, works on the events and yields its own") {
    room s;
    s.web.routes.get("/loud", [&](rill::request& request) -> rill::event_stream {
        auto news = s.topic.subscribe(request);
        while (const auto* message = co_await news.next())
            co_yield {.id = message->last_event_id, .data = message->data + "!"};
        co_yield {.data = "over"};
    });
    auto reply = s.web.send("GET", "/loud");
    const auto id = s.count(1, 3);
    CHECK(words(reply.events()) == "1! 2! 3!");
    CHECK(reply.events().back().last_event_id == id);
    reply.close();
    CHECK(s.topic.statistics().subscribers == 0);
    s.count(4, 5);
    auto again = s.web.send("GET", "/loud", {{"Last-Event-ID", id}});
    CHECK(words(again.events()) == "4! 5!");
    s.topic.close();
    s.web.server().run();
    CHECK(words(again.events()) == "4! 5! over");
    CHECK(again.complete());
}

TEST_CASE("a handler takes a batch at a time, and what it yields of it leaves in one write") {
    room s;
    s.web.routes.get("/sums", [&](rill::request& request) -> rill::event_stream {
        auto news = s.topic.subscribe(request);
        for (;;) {
            const auto batch = co_await news.next_batch();
            if (batch.empty()) break;
            int sum = 0;
            for (const auto& m : batch) sum += std::stoi(m.data);
            co_yield {.data = std::to_string(sum)};
        }
    });
    auto reply = s.web.send("GET", "/sums");
    const auto writes = reply.connection().writes();
    for (int n = 1; n <= 100; ++n) s.topic.publish({.data = std::to_string(n)});
    s.web.server().run();
    CHECK(words(reply.events()) == "5050");
    CHECK(reply.connection().writes() == writes + 1);
}

TEST_CASE("a task waits for one event, and answers with it") {
    room s;
    s.web.routes.get("/once", [&](rill::request& request) -> rill::task<rill::response> {
        auto news = s.topic.subscribe(request);
        const auto* const message = co_await news.next();
        co_return rill::response::text(message ? message->data : "closed");
    });
    auto one = s.web.send("GET", "/once"), two = s.web.send("GET", "/once");
    CHECK_FALSE(one.has_head());
    two.close(); // does not wait for it
    CHECK(s.topic.statistics().subscribers == 1);
    s.count(1, 1);
    CHECK(one.body() == "1");
    CHECK(s.topic.statistics().subscribers == 0);
    auto three = s.web.send("GET", "/once");
    s.topic.close();
    s.web.server().run();
    CHECK(three.body() == "closed");
}

TEST_CASE("a handler that writes reads on next, too, and sees operation_aborted when its client leaves") {
    room s;
    std::error_code seen;
    s.web.routes.get("/written", [&](rill::request& request, rill::sse_writer& writer) -> rill::task<void> {
        auto news = s.topic.subscribe(request);
        try {
            while (const auto* m = co_await news.next()) co_await writer.write({.data = m->data});
        } catch (const std::system_error& e) {
            seen = e.code();
            throw;
        }
    });
    auto reply = s.web.send("GET", "/written");
    s.count(1, 2);
    CHECK(words(reply.events()) == "1 2");
    reply.close();
    CHECK(seen == asio::error::operation_aborted);
    CHECK(s.topic.statistics().subscribers == 0);
    CHECK(s.web.server().connections() == 0);
}
