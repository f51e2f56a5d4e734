// The comments that keep a quiet stream alive.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using rill::event_stream;
using rill::request;

namespace {

/// A stream that yields an event every `interval`.
auto every(rill::duration interval) {
    return [interval](request&) -> event_stream {
        for (;;) {
            co_await rill::sleep_for(interval);
            co_yield {.data = "x"};
        }
    };
}

using comments = std::vector<std::string>;

} // namespace

TEST_CASE("a comment is sent after 15 silent seconds, and every 15 seconds after that") {
    site s;
    s.routes.get("/", every(24h));
    auto reply = s.send("GET", "/");
    CHECK(reply.comments().size() == 1); // it opened the stream
    s.server().advance(15s - 1ms);
    CHECK(reply.comments().size() == 1);
    s.server().advance(1ms);
    CHECK(reply.comments().size() == 2);
    s.server().advance(15s - 1ms);
    CHECK(reply.comments().size() == 2);
    s.server().advance(1ms);
    CHECK(reply.comments().size() == 3);
    s.server().advance(1h);
    CHECK(reply.comments().size() == 3 + 240);
    CHECK(reply.events().empty());
}

TEST_CASE("events put the comment off") {
    site s;
    s.routes.get("/often", every(14s)).get("/seldom", every(20s));
    auto often = s.send("GET", "/often");
    auto seldom = s.send("GET", "/seldom");
    s.server().advance(10min);
    CHECK(often.events().size() == 42);
    CHECK(often.comments().size() == 1);
    CHECK(seldom.events().size() == 30);
    CHECK(seldom.comments().size() == 31); // one in each silence of 20 s
}

TEST_CASE("the silence is counted from the last event, to the millisecond") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        co_await rill::sleep_for(7s);
        co_yield {.data = "x"};
        co_await rill::sleep_for(24h);
    });
    auto reply = s.send("GET", "/");
    s.server().advance(22s - 1ms);
    CHECK(reply.comments().size() == 1);
    s.server().advance(1ms);
    CHECK(reply.comments().size() == 2);
}

TEST_CASE("a comment that a handler yields is a sign of life too") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        for (;;) {
            co_await rill::sleep_for(10s);
            co_yield {.comment = "mine"};
        }
    });
    auto reply = s.send("GET", "/");
    s.server().advance(30s);
    CHECK(reply.comments() == comments{"", "mine", "mine", "mine"});
}

TEST_CASE("a route has its own interval and its own comment") {
    std::string text = "ping";
    site s;
    s.routes.get("/", every(24h), {.keep_alive = 2s, .comment = text});
    text = "what the router has copied";
    auto reply = s.send("GET", "/");
    s.server().advance(5s);
    CHECK(reply.body() == ":\n: ping\n: ping\n");
    CHECK(reply.comments() == comments{"", "ping", "ping"});
}

TEST_CASE("an interval of zero or less is none") {
    site s;
    s.routes.get("/zero", every(48h), {.keep_alive = 0s}).get("/less", every(48h), {.keep_alive = -1s});
    auto zero = s.send("GET", "/zero");
    auto less = s.send("GET", "/less");
    s.server().advance(24h);
    CHECK(zero.comments().size() == 1);
    CHECK(less.comments().size() == 1);
    CHECK(s.server().connections() == 2);
}

TEST_CASE("no comment is added to what the client has not read yet") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        co_yield {.data = std::string(1000, 'x')};
        co_await rill::sleep_for(24h);
    });
    auto connection = s.server().connect();
    connection.window(100);
    connection.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    s.server().advance(29s);
    std::string all;
    for (auto part = connection.receive(); !part.empty(); part = connection.receive()) all += part;
    CHECK(all.find("\n\n\r\n") == all.size() - 4); // the event, and nothing behind it
    s.server().advance(15s);
    CHECK(connection.receive() == "2\r\n:\n\r\n");
}

TEST_CASE("a plain answer has no keep-alive, however long it takes") {
    site s;
    s.routes.get("/", [](request&) -> rill::task<rill::response> {
        co_await rill::sleep_for(1min);
        co_return rill::response::text("x");
    });
    auto connection = s.server().connect();
    connection.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    s.server().advance(59s);
    CHECK(connection.receive().empty());
    s.server().advance(1s);
    CHECK(connection.receive().ends_with("\r\n\r\nx"));
}

TEST_CASE("the keep-alive of a stream that ended does not reach the next answer of the connection") {
    site s;
    s.routes.get("/stream", [](request&) -> event_stream {
        co_await rill::sleep_for(20s);
        co_yield {.data = "x"};
    });
    s.routes.get("/slow", [](request&) -> rill::task<rill::response> {
        co_await rill::sleep_for(1min);
        co_return rill::response::text("slow");
    });
    auto connection = s.server().connect();
    connection.send("GET /stream HTTP/1.1\r\nHost: test\r\n\r\nGET /slow HTTP/1.1\r\nHost: test\r\n\r\n");
    s.server().advance(20s);
    CHECK(connection.receive().ends_with("0\r\n\r\n"));
    s.server().advance(59s);
    CHECK(connection.receive().empty());
    s.server().advance(1s);
    CHECK(connection.receive().ends_with("slow"));
}
