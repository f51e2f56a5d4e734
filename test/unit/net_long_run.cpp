// Handlers that hold up their thread. That time passes in one is the test's doing: it moves the clock.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using rill::event_stream;
using rill::request;
using rill::response;
using rill::task;

namespace {

struct blocking : site {
    /// What a handler does that computes, or waits as no coroutine should.
    void block(rill::duration time) { server().advance(time); }
    [[nodiscard]] static std::string line(std::string_view what, int milliseconds) {
        return fmt::format("{}: the handler held up its thread, and all other connections there, for {} ms",
                           what, milliseconds);
    }
};

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("a handler that runs for more than 100 ms is told of in the log, without its query") {
    blocking s;
    rill::duration time{};
    s.routes.any("/a%20b", [&](request&) {
        s.block(time);
        return response::text("x");
    });
    time = 100ms;
    CHECK(s.get("/a%20b?secret") == "200 x");
    CHECK(s.log.lines.empty());
    time = 250ms;
    CHECK(s.ask("PUT", "/a%20b?secret") == "200 x");
    CHECK(s.log.lines == lines{s.line("PUT /a%20b", 250)});
    CHECK(s.log.errors == 0);
}

TEST_CASE("of such lines there is one in a second") {
    blocking s;
    s.routes.get("/", [&](request&) {
        s.block(150ms);
        return response::text("x");
    });
    for (int n = 0; n < 20; ++n) CHECK(s.get("/") == "200 x"); // three seconds
    CHECK(s.log.lines.size() == 3);
    s.server().advance(1min);
    CHECK(s.get("/") == "200 x");
    CHECK(s.log.lines.size() == 4);
}

TEST_CASE("a handler that fails, one that closes the connection, and a coroutine are told of, too") {
    blocking s;
    s.routes.get("/fails", [&](request&) -> response {
        s.block(200ms);
        throw rill::http_error{rill::status::conflict};
    });
    s.routes.get("/task", [&](request&) -> task<response> {
        s.block(200ms);
        co_await rill::sleep_for(10s); // which counts for nothing
        co_return response::text("x");
    });
    CHECK(s.get("/fails") == "409 Conflict");
    s.server().advance(10s);
    CHECK(s.raw("GET /fails HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 409 "));
    s.server().advance(10s);
    auto reply = s.send("GET", "/task");
    s.server().advance(10s);
    CHECK(reply.body() == "x");
    CHECK(s.log.lines ==
          lines{s.line("GET /fails", 200), s.line("GET /fails", 200), s.line("GET /task", 200)});
}

TEST_CASE("so is a stream, between any two of its waits") {
    blocking s;
    s.routes.get("/stream", [&](request&) -> event_stream {
        for (int n = 0; n < 3; ++n) {
            co_await rill::sleep_for(20s);
            s.block(n == 1 ? 300ms : 50ms);
            co_yield {.data = "x"};
        }
    });
    auto stream = s.send("GET", "/stream");
    s.server().advance(70s);
    CHECK(stream.complete());
    CHECK(s.log.lines == lines{s.line("GET /stream", 300)});
}

TEST_CASE("handlers that wait hold up nobody, and nor does time that passes between requests") {
    blocking s;
    s.routes.get("/", [&](request&) -> task<response> {
        for (int n = 0; n < 10; ++n) co_await rill::sleep_for(1s);
        co_return response::text("x");
    });
    s.routes.get("/plain", says("plain"));
    auto connection = s.server().connect();
    for (int n = 0; n < 5; ++n) {
        s.server().advance(10s);
        connection.send("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(connection.receive().ends_with("plain"));
    }
    auto reply = s.send("GET", "/");
    s.server().advance(10s);
    CHECK(reply.body() == "x");
    CHECK(s.log.lines.empty());
}
