// What a connection waits for, and how long.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace std::chrono_literals;
using rill::event_stream;
using rill::request;
using rill::response;
using rill::task;

namespace {

std::string first_line(std::string_view answer) {
    return std::string{answer.substr(0, answer.find("\r\n"))};
}

} // namespace

TEST_CASE("a head that comes too slowly is 408, however its bytes are spread") {
    site s;
    s.routes.get("/", says("hello"));
    auto connection = s.server().connect();
    connection.send("G");
    for (const char* c = "ET / HTTP"; *c; ++c) {
        s.server().advance(1s);
        connection.send({c, 1});
    }
    s.server().advance(999ms);
    CHECK(connection.receive().empty());
    s.server().advance(1ms);
    const auto answer = connection.receive();
    CHECK(first_line(answer) == "HTTP/1.1 408 Request Timeout");
    CHECK(answer.find("Connection: close\r\n") != answer.npos);
    CHECK(answer.ends_with("the head came too slowly"));
    CHECK(connection.ended());
}

TEST_CASE("a head that comes in time is answered, and the next one has its own time") {
    site s;
    s.routes.get("/", says("hello"));
    auto connection = s.server().connect();
    for (int n = 0; n < 3; ++n) {
        s.server().advance(60s); // idle
        connection.send(whole_request.substr(0, 5));
        s.server().advance(9s);
        connection.send(whole_request.substr(5));
        CHECK(connection.receive().ends_with("hello"));
    }
}

TEST_CASE("a connection without a request is closed after 75 seconds, without a word") {
    site s;
    auto connection = s.server().connect();
    SUBCASE("never a byte") {}
    SUBCASE("empty lines only") {
        connection.send("\r\n\r\n");
    }
    s.server().advance(75s - 1ms);
    CHECK_FALSE(connection.ended());
    s.server().advance(1ms);
    CHECK(connection.ended());
    CHECK_FALSE(connection.was_reset());
    CHECK(connection.receive().empty());
}

TEST_CASE("between requests a connection may rest for 61 minutes, counted from the answer") {
    site s;
    s.routes.get("/", [](request&) -> task<response> {
        co_await rill::sleep_for(50s);
        co_return response::text("hello");
    });
    auto connection = s.server().connect();
    connection.send(whole_request);
    s.server().advance(50s);
    CHECK(connection.receive().ends_with("hello"));
    s.server().advance(61min - 1ms);
    CHECK_FALSE(connection.ended());
    s.server().advance(1ms);
    CHECK(connection.ended());
    CHECK(connection.receive().empty());
}

TEST_CASE("clients are told how long they may keep a connection that goes on") {
    const auto told = [](std::chrono::milliseconds time, std::string_view request, const char* path = "/") {
        site s{rill::server_options{.limits = {.idle_timeout = time}}};
        s.routes.get(path, says("hello"));
        const auto answer = s.raw(request);
        CHECK(answer.find("200 OK") != answer.npos);
        const auto at = answer.find("Connection: ");
        return at == answer.npos ? std::string{} : answer.substr(at, answer.find("\r\n\r\n") - at);
    };
    CHECK(told(61min, whole_request) == "Connection: keep-alive\r\nKeep-Alive: timeout=3660");
    CHECK(told(1999ms, whole_request) == "Connection: keep-alive\r\nKeep-Alive: timeout=1");
    CHECK(told(999ms, whole_request).empty());
    CHECK(told(std::chrono::milliseconds::max(), whole_request).empty());
    CHECK(told(5s, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") == "Connection: close");
    CHECK(told(5s, "GET / HTTP/1.0\r\n\r\n") == "Connection: close");
    CHECK(told(5s, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") ==
          "Connection: keep-alive\r\nKeep-Alive: timeout=5");
}

TEST_CASE("a handler may take as long as it likes") {
    site s;
    s.routes.get("/", [](request&) -> task<response> {
        co_await rill::sleep_for(24h);
        co_return response::text("hello");
    });
    auto reply = s.send("GET", "/");
    s.server().advance(24h);
    CHECK(reply.body() == "hello");
}

TEST_CASE("a body may take 30 seconds for each piece, and is 408 after that") {
    site s{rill::server_options{.limits = {.body_rate = 0}}};
    s.routes.post("/", [](request& r) -> task<response> { co_return response::text(co_await r.text()); });
    auto connection = s.server().connect();
    connection.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n");
    for (const auto* piece : {"a", "b", "c"}) {
        s.server().advance(29s);
        connection.send(piece);
    }
    s.server().advance(30s - 1ms);
    CHECK(connection.receive().empty());
    s.server().advance(1ms);
    const auto answer = connection.receive();
    CHECK(first_line(answer) == "HTTP/1.1 408 Request Timeout");
    CHECK(answer.ends_with("the body came too slowly"));
    CHECK(connection.ended());
    CHECK(s.log.lines.empty());
}

TEST_CASE("a body has its time from when the handler reads it") {
    site s;
    s.routes.post("/", [](request& r) -> task<response> {
        co_await rill::sleep_for(1h);
        co_return response::text(co_await r.text());
    });
    auto connection = s.server().connect();
    connection.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n");
    s.server().advance(1h + 4s);
    connection.send("hello");
    CHECK(connection.receive().ends_with("hello"));
}

TEST_CASE("a small body that nobody reads and that does not come ends the connection in the end") {
    site s;
    s.routes.post("/", says("done"));
    auto connection = s.server().connect();
    connection.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n");
    CHECK(connection.receive().ends_with("done"));
    s.server().advance(30s - 1ms);
    CHECK_FALSE(connection.ended());
    s.server().advance(1ms);
    CHECK(connection.ended());
    CHECK(connection.receive().empty());
}

TEST_CASE("a client that takes nothing for 30 seconds is cut, and its handler with it") {
    bool gone = false;
    site s;
    s.routes.get("/", [&gone](request&) -> event_stream {
        const std::shared_ptr<void> local{nullptr, [&gone](auto) { gone = true; }};
        for (;;) {
            co_yield {.data = std::string(1000, 'x')};
            co_await rill::sleep_for(1s);
        }
    });
    auto connection = s.server().connect();
    connection.window(100);
    connection.send(whole_request);
    s.server().advance(30s - 1ms);
    CHECK_FALSE(connection.ended());
    CHECK_FALSE(gone);
    s.server().advance(1ms);
    CHECK(connection.was_reset());
    CHECK(gone);
    CHECK(s.server().connections() == 0);
}

TEST_CASE("a client that takes a little now and then is not cut") {
    site s;
    s.routes.get("/", says(std::string(1000, 'x')));
    auto connection = s.server().connect();
    connection.window(100);
    connection.send(whole_request);
    std::string all;
    for (int n = 0; n < 20; ++n) {
        s.server().advance(29s);
        all += connection.receive();
    }
    CHECK(all.ends_with(std::string(1000, 'x')));
    CHECK_FALSE(connection.was_reset());
}

TEST_CASE("a plain answer that is not taken is cut too") {
    site s;
    s.routes.get("/", says(std::string(1000, 'x')));
    auto connection = s.server().connect();
    connection.window(100);
    connection.send(whole_request);
    s.server().advance(30s);
    CHECK(connection.was_reset());
    CHECK(s.server().connections() == 0);
}

TEST_CASE(
    "after a refusal the server finishes its side, and listens for a second so that the answer arrives") {
    site s;
    s.routes.get("/", says("hello"));
    auto connection = s.server().connect();
    connection.send("nonsense\r\n\r\n" + std::string{whole_request});
    const auto answer = connection.receive();
    CHECK(first_line(answer) == "HTTP/1.1 400 Bad Request");
    CHECK(answer.find("hello") == answer.npos);
    CHECK(connection.ended());
    CHECK_FALSE(connection.was_reset());
    CHECK(s.server().connections() == 1);
    connection.send(std::string(300'000, 'x')); // is dropped
    connection.send(whole_request);
    CHECK(connection.receive().empty());
    s.server().advance(1s - 1ms);
    CHECK(s.server().connections() == 1);
    s.server().advance(1ms);
    CHECK(s.server().connections() == 0);
}

TEST_CASE("the lingering ends when the client has finished too") {
    site s;
    auto connection = s.server().connect();
    connection.send("nonsense\r\n\r\n");
    CHECK(s.server().connections() == 1);
    connection.finish();
    CHECK(s.server().connections() == 0);
    CHECK(first_line(connection.receive()) == "HTTP/1.1 400 Bad Request");
}

TEST_CASE("all times are the server's to choose") {
    site s{rill::server_options{.limits = {.head_timeout = 1s,
                                           .first_request_timeout = 2s,
                                           .body_timeout = 3s,
                                           .write_timeout = 4s,
                                           .linger = 5s}}};
    s.routes.get("/", says(std::string(1000, 'x')));
    s.routes.post("/", [](request& r) -> task<response> { co_return response::text(co_await r.text()); });
    auto head = s.server().connect(), idle = s.server().connect(), body = s.server().connect(),
         write = s.server().connect();
    head.send("GET");
    body.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n");
    write.window(10);
    write.send(whole_request);
    s.server().advance(999ms);
    CHECK_FALSE(head.ended());
    s.server().advance(1ms);
    CHECK(head.ended());
    CHECK_FALSE(idle.ended());
    s.server().advance(1s);
    CHECK(idle.ended());
    CHECK_FALSE(body.ended());
    s.server().advance(1s);
    CHECK(body.ended());
    CHECK_FALSE(write.ended());
    s.server().advance(1s);
    CHECK(write.was_reset());
    CHECK(s.server().connections() == 3);
    s.server().advance(2s);
    CHECK(s.server().connections() == 2);
    s.server().advance(2s);
    CHECK(s.server().connections() == 0);
}

TEST_CASE("a time without end is one") {
    constexpr auto endless = std::chrono::milliseconds::max();
    site s{rill::server_options{.limits = {.handshake_timeout = endless,
                                           .head_timeout = endless,
                                           .first_request_timeout = endless,
                                           .idle_timeout = endless,
                                           .body_timeout = endless,
                                           .body_grace = endless,
                                           .write_timeout = endless,
                                           .linger = endless}}};
    s.routes.get("/", says("hello"));
    CHECK(s.raw(whole_request).find("200 OK") != std::string::npos);
}
