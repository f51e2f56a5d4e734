// Streams as their clients see them, by the clock of the test.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace std::chrono_literals;
using rill::event_stream;
using rill::request;

namespace {

event_stream ticks(request&) {
    for (int n = 1;; ++n) {
        co_await rill::sleep_for(1s);
        co_yield {.data = std::to_string(n)};
    }
}

event_stream three_ticks(request&) {
    for (int n = 1; n <= 3; ++n) {
        co_await rill::sleep_for(1s);
        co_yield {.data = std::to_string(n)};
    }
}

/// Routes that streams share their connection with.
void plain_routes(site& s) {
    s.routes.get("/ticks", ticks).get("/three", three_ticks).get("/plain", says("plain"));
}

std::string get_text(std::string_view path, std::string_view version = "1.1") {
    return fmt::format("GET {} HTTP/{}\r\nHost: test\r\n\r\n", path, version);
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("a stream opens at once and ticks") {
    site s;
    plain_routes(s);
    auto reply = s.send("GET", "/ticks");
    CHECK(reply.status() == rill::status::ok);
    CHECK(reply.fields().find("Content-Type") == "text/event-stream");
    CHECK(reply.fields().find("Transfer-Encoding") == "chunked");
    CHECK(reply.body() == ":\n");
    CHECK(reply.connection().writes() == 1); // the head and the first bytes together
    s.server().advance(3s);
    CHECK(reply.events().size() == 3);
    CHECK(reply.connection().writes() == 4);
    reply.close();
    CHECK(s.server().connections() == 0);
}

TEST_CASE("a handler that yields first opens its stream with that") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        co_yield {.data = "first"};
        co_await rill::sleep_for(1h);
    });
    auto reply = s.send("GET", "/");
    CHECK(reply.body() == "data: first\n\n");
    CHECK(reply.connection().writes() == 1);
}

TEST_CASE("events that are yielded together leave together, and before the handler waits") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        for (;;) {
            for (int n = 0; n < 10; ++n) co_yield {.data = std::to_string(n)};
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

TEST_CASE("each chunk holds whole events") {
    site s;
    plain_routes(s);
    auto connection = s.server().connect();
    connection.send(get_text("/ticks"));
    CHECK(connection.receive().ends_with("\r\n\r\n2\r\n:\n\r\n"));
    s.server().advance(1s);
    CHECK(connection.receive() == "9\r\ndata: 1\n\n\r\n");
}

TEST_CASE("a stream that returns ends with the last chunk") {
    site s;
    plain_routes(s);
    auto reply = s.send("GET", "/three");
    s.server().advance(3s - 1ms);
    CHECK_FALSE(reply.complete());
    s.server().advance(1ms);
    CHECK(reply.events().size() == 3);
    CHECK(reply.complete());
    CHECK_FALSE(reply.cut());
}

TEST_CASE("a stream without an event is an empty one") {
    site s;
    s.routes.get("/", [](request&) -> event_stream { co_return; });
    auto reply = s.send("GET", "/");
    CHECK(reply.status() == rill::status::ok);
    CHECK(reply.events().empty());
    CHECK(reply.complete());
}

TEST_CASE("ten thousand events that are yielded back to back come in order, in few writes") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        for (int n = 0; n < 10'000; ++n) co_yield {.data = std::to_string(n)};
    });
    auto reply = s.send("GET", "/");
    while (!reply.complete()) s.server().run();
    const auto& events = reply.events();
    REQUIRE(events.size() == 10'000);
    bool in_order = true;
    for (int n = 0; n < 10'000; ++n)
        in_order = in_order && events[static_cast<std::size_t>(n)].data == std::to_string(n);
    CHECK(in_order);
    CHECK(reply.connection().writes() < 10);
}

TEST_CASE("an event that cannot be sent throws at its co_yield, and the stream goes on") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        std::error_code caught;
        co_yield {.data = "before"};
        try {
            co_yield {.id = "a\nb", .data = "x"};
        } catch (const rill::error& e) {
            caught = e.code();
        }
        CHECK(caught == rill::sse_errc::line_end_in_id);
        co_yield {.data = "after"};
    });
    auto reply = s.send("GET", "/");
    CHECK(reply.body() == "data: before\n\ndata: after\n\n");
    CHECK(reply.complete());
}

TEST_CASE("a first event that cannot be sent, and is not caught, is 500") {
    site s;
    s.routes.get("/", [](request&) -> event_stream { co_yield {.data = "\xFF"}; });
    CHECK(s.get("/") == "500 Internal Server Error");
    CHECK(s.log.lines.size() == 1);
}

TEST_CASE("HEAD gets the head of a stream, and its handler does not run") {
    bool ran = false;
    site s;
    s.routes.get("/stream", [&ran](request&) -> event_stream {
        ran = true;
        co_yield {.data = "x"};
    });
    s.routes.get("/writer", [&ran](request&, rill::sse_writer& w) -> rill::task<void> {
        ran = true;
        co_await w.write({.data = "x"});
    });
    auto connection = s.server().connect();
    for (const auto* path : {"/stream", "/writer"}) {
        connection.send(fmt::format("HEAD {} HTTP/1.1\r\nHost: test\r\n\r\n", path));
        const auto answer = connection.receive();
        CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
        CHECK(has(answer, "Content-Type: text/event-stream\r\n"));
        CHECK(answer.ends_with("\r\n\r\n"));
        CHECK(answer.find("\r\n\r\n") == answer.size() - 4);
    }
    CHECK_FALSE(ran);
    CHECK_FALSE(connection.ended());
}

TEST_CASE("HTTP/1.0 gets a stream without chunks, which ends with the connection") {
    site s;
    plain_routes(s);
    for (const auto* request :
         {"GET /three HTTP/1.0\r\n\r\n", "GET /three HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"}) {
        auto connection = s.server().connect();
        connection.send(request);
        const auto head = connection.receive();
        CHECK_FALSE(has(head, "Transfer-Encoding"));
        CHECK(has(head, "Connection: close\r\n"));
        CHECK(head.ends_with("\r\n\r\n:\n"));
        s.server().advance(3s);
        CHECK(connection.receive() == "data: 1\n\ndata: 2\n\ndata: 3\n\n");
        CHECK(connection.ended());
        CHECK_FALSE(connection.was_reset());
    }
}

TEST_CASE("HTTP/1.0 cannot see a stream cut off but by a reset") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        co_yield {.data = "x"};
        co_await rill::sleep_for(1s);
        throw 1;
    });
    auto old = s.server().connect();
    old.send(get_text("/", "1.0"));
    auto current = s.server().connect();
    current.send(get_text("/"));
    s.server().advance(1s);
    CHECK(old.was_reset());
    CHECK(current.ended());
    CHECK_FALSE(current.was_reset()); // the last chunk is missing: that says it
    CHECK_FALSE(has(current.receive(), "0\r\n\r\n"));
}

TEST_CASE("a request behind a stream is answered after it, over the same connection") {
    site s;
    plain_routes(s);
    auto connection = s.server().connect();
    connection.send(get_text("/three") + get_text("/plain") + get_text("/three"));
    s.server().advance(2s);
    CHECK_FALSE(has(connection.receive(), "plain"));
    s.server().advance(1s);
    const auto behind = connection.receive();
    CHECK(behind.starts_with("9\r\ndata: 3\n\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
    CHECK(has(behind, "\r\n\r\nplainHTTP/1.1 200 OK\r\n"));
    s.server().advance(3s);
    CHECK(connection.receive().ends_with("data: 3\n\n\r\n0\r\n\r\n"));
    connection.send(get_text("/plain"));
    CHECK(connection.receive().ends_with("plain"));
}

TEST_CASE("a client may ask for the end of the connection with a stream") {
    site s;
    plain_routes(s);
    auto connection = s.server().connect();
    connection.send("GET /three HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n" + get_text("/plain"));
    CHECK(has(connection.receive(), "Connection: close\r\n"));
    s.server().advance(3s);
    CHECK(connection.receive().ends_with("data: 3\n\n\r\n0\r\n\r\n"));
    CHECK(connection.ended());
}

TEST_CASE("a body that a stream does not read comes meanwhile, and is skipped") {
    site s;
    plain_routes(s);
    s.routes.post("/three", three_ticks);
    auto connection = s.server().connect();
    connection.send("POST /three HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n01234");
    s.server().advance(1s);
    connection.send("56");
    s.server().advance(2s);
    CHECK(connection.receive().ends_with("data: 3\n\n\r\n0\r\n\r\n"));
    connection.send("789" + get_text("/plain"));
    CHECK(connection.receive().ends_with("plain"));
}

TEST_CASE("a stream may read the body between its events") {
    site s;
    s.routes.post("/", [](request& r) -> event_stream {
        co_yield {.data = "send it"};
        co_await rill::sleep_for(1s);
        co_yield {.data = co_await r.text()};
    });
    auto connection = s.server().connect();
    connection.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n");
    CHECK(has(connection.receive(), "data: send it\n\n"));
    connection.send("0123");
    s.server().advance(2s);
    connection.send("456789");
    CHECK(connection.receive() == "12\r\ndata: 0123456789\n\n\r\n0\r\n\r\n");
}

TEST_CASE("100 Continue never stands inside a stream") {
    std::string got;
    site s;
    s.routes.post("/", [&got](request& r) -> event_stream {
        co_yield {.data = "open"};
        co_await rill::sleep_for(1s);
        got = co_await r.text();
    });
    auto connection = s.server().connect();
    connection.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    s.server().advance(1s);
    CHECK_FALSE(has(connection.receive(), "100 Continue"));
    connection.send("body");
    CHECK(got == "body");
    CHECK(connection.receive() == "0\r\n\r\n");
}
