// The form of a handler that writes its events itself.
#include "app_asking.hpp"

#include <asio/error.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <system_error>

using namespace std::chrono_literals;
using rill::request;
using rill::sse_writer;
using rill::task;

namespace {} // namespace

TEST_CASE("a writer opens its stream before the handler waits, with what was written or with a comment") {
    site s;
    s.routes.get("/waits", [](request&, sse_writer& w) -> task<void> {
        co_await rill::sleep_for(1s);
        co_await w.write({.data = "late"});
    });
    s.routes.get("/writes", [](request&, sse_writer& w) -> task<void> {
        co_await w.write({.data = "early"});
        co_await rill::sleep_for(1s);
    });
    auto waits = s.send("GET", "/waits");
    auto writes = s.send("GET", "/writes");
    CHECK(waits.status() == rill::status::ok);
    CHECK(waits.body() == ":\n");
    CHECK(writes.body() == "data: early\n\n");
    s.server().advance(1s);
    CHECK(waits.body() == ":\ndata: late\n\n");
    CHECK(waits.complete());
    CHECK(writes.complete());
}

TEST_CASE("what is written in one turn leaves in one write") {
    site s;
    s.routes.get("/", [](request&, sse_writer& w) -> task<void> {
        for (;;) {
            for (int n = 0; n < 10; ++n) co_await w.write({.data = std::to_string(n)});
            co_await rill::sleep_for(1s);
        }
    });
    auto reply = s.send("GET", "/");
    CHECK(reply.events().size() == 10);
    CHECK(reply.connection().writes() == 1);
    s.server().advance(1s);
    CHECK(reply.events().size() == 20);
    CHECK(reply.connection().writes() == 2);
}

TEST_CASE("flush sends what was written now") {
    site s;
    s.routes.get("/", [](request&, sse_writer& w) -> task<void> {
        co_await w.write({.data = "one"});
        w.flush();
        w.flush(); // there is nothing left to send
        co_await w.write({.data = "two"});
    });
    auto reply = s.send("GET", "/");
    CHECK(reply.events().size() == 2);
    CHECK(reply.connection().writes() == 3); // one, two, the last chunk
    CHECK(reply.complete());
}

TEST_CASE("flush before any event opens the stream") {
    site s;
    s.routes.post("/", [](request& r, sse_writer& w) -> task<void> {
        w.flush();
        co_await w.write({.data = co_await r.text()});
    });
    auto connection = s.server().connect();
    connection.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\n");
    CHECK(connection.receive().ends_with("\r\n\r\n2\r\n:\n\r\n"));
    connection.send("body");
    CHECK(connection.receive() == "c\r\ndata: body\n\n\r\n0\r\n\r\n");
}

TEST_CASE(
    "the event of a write is encoded at once: what it was made of may change before the task is awaited") {
    site s;
    s.routes.get("/", [](request&, sse_writer& w) -> task<void> {
        std::string text = "first";
        auto written = w.write({.data = text});
        text = "other";
        co_await std::move(written);
    });
    CHECK(s.send("GET", "/").body() == "data: first\n\n");
}

TEST_CASE("an event that cannot be sent throws from the call, and the stream goes on") {
    site s;
    s.routes.get("/", [](request&, sse_writer& w) -> task<void> {
        const auto code_of = [&w](const rill::event& e) -> std::error_code {
            try {
                static_cast<void>(w.write(e));
            } catch (const rill::error& failure) {
                return failure.code();
            }
            return {};
        };
        co_await w.write({.data = "before"});
        CHECK(code_of({.id = "a\nb"}) == rill::sse_errc::line_end_in_id);
        CHECK(code_of({.name = "a\rb"}) == rill::sse_errc::line_end_in_name);
        CHECK(code_of({.data = "\xFF"}) == rill::sse_errc::invalid_utf8);
        CHECK(code_of({}) == rill::sse_errc::empty_event);
        co_await w.write({.data = "after"});
    });
    auto reply = s.send("GET", "/");
    CHECK(reply.body() == "data: before\n\ndata: after\n\n");
    CHECK(reply.complete());
    CHECK(s.log.lines.empty());
}

TEST_CASE("a first event that cannot be sent, and is not caught, is 500") {
    site s;
    s.routes.get("/", [](request&, sse_writer& w) -> task<void> { co_await w.write({.id = "a\nb"}); });
    CHECK(s.get("/") == "500 Internal Server Error");
    CHECK(s.log.lines.size() == 1);
}

TEST_CASE("a client that does not read suspends who writes, with a bounded number of bytes on the way") {
    constexpr std::size_t buffer = 10'000, window = 1000, size = 100;
    std::size_t written = 0;
    site s{rill::server_options{.limits = {.write_buffer = buffer}}};
    s.routes.get("/", [&written](request&, sse_writer& w) -> task<void> {
        for (int n = 0; n < 1000; ++n) {
            co_await w.write({.data = std::string(size, 'x')});
            ++written;
        }
    });
    auto connection = s.server().connect();
    connection.window(window);
    connection.send(whole_request);
    s.server().advance(10s);
    const auto first = written;
    CHECK(first * size <= buffer + window);
    CHECK(first * size >= buffer / 2);
    CHECK(connection.receive().size() == window);
    CHECK(written == first); // not before it has caught up
    while (!connection.receive().empty()) s.server().run();
    CHECK(written == 1000);
}

TEST_CASE("the client's leaving throws operation_aborted into what the handler awaits, and into all that it "
          "writes then") {
    std::vector<std::error_code> seen;
    bool gone = false;
    site s;
    s.routes.get("/", [&](request&, sse_writer& w) -> task<void> {
        const std::shared_ptr<void> local{nullptr, [&gone](auto) { gone = true; }};
        for (int n = 0; n < 3; ++n) try {
                if (n == 0) co_await rill::sleep_for(1h);
                if (n > 0) co_await w.write({.data = "too late"});
            } catch (const std::system_error& e) {
                seen.push_back(e.code());
            }
    });
    auto reply = s.send("GET", "/");
    CHECK_FALSE(gone);
    reply.close();
    CHECK(seen == std::vector<std::error_code>(3, asio::error::operation_aborted));
    CHECK(gone);
    CHECK(s.server().connections() == 0);
    CHECK(s.log.lines.empty());
}

TEST_CASE("a client that leaves while its handler waits for it to read ends that handler") {
    std::error_code seen;
    site s{rill::server_options{.limits = {.write_buffer = 1000}}};
    s.routes.get("/", [&seen](request&, sse_writer& w) -> task<void> {
        try {
            for (;;) co_await w.write({.data = std::string(100, 'x')});
        } catch (const std::system_error& e) {
            seen = e.code();
            throw;
        }
    });
    auto connection = s.server().connect();
    connection.window(100);
    connection.send(whole_request);
    CHECK_FALSE(seen);
    connection.close();
    CHECK(seen == asio::error::operation_aborted);
    CHECK(s.server().connections() == 0);
    CHECK(s.log.lines.empty());
}

TEST_CASE("a writer's stream is kept alive as any other") {
    site s;
    s.routes.get("/", [](request&, sse_writer&) -> task<void> { co_await rill::sleep_for(24h); },
                 {.keep_alive = 5s, .comment = "ping"});
    auto reply = s.send("GET", "/");
    s.server().advance(15s);
    CHECK(reply.body() == ":\n: ping\n: ping\n: ping\n");
}

TEST_CASE("a writer's stream is complete when its handler returns, and the connection goes on") {
    site s;
    s.routes.get("/", [](request&, sse_writer& w) -> task<void> { co_await w.write({.data = "x"}); });
    auto connection = s.server().connect();
    for (int n = 0; n < 3; ++n) {
        connection.send(whole_request);
        CHECK(connection.receive().ends_with("9\r\ndata: x\n\n\r\n0\r\n\r\n"));
    }
}
