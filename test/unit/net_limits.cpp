// What a server does with clients that want more than it allows.
#include "net_limits.hpp"

#include <asio/cancellation_state.hpp>
#include <asio/this_coro.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

using namespace net_limits;

namespace {

/// Knows when it is destroyed.
struct trace {
    explicit trace(bool& gone) noexcept : gone_{gone} {}
    trace(const trace&) = delete;
    trace& operator=(const trace&) = delete;
    ~trace() { gone_ = true; }

private:
    bool& gone_;
};

} // namespace

TEST_CASE("connections beyond the bound are told so, and those below it are served") {
    site s{{.limits = {.max_connections = 2}}};
    s.routes.get("/", greet);
    auto& server = s.server();
    auto one = server.connect(), two = server.connect();
    auto beyond = server.connect();
    CHECK(server.connections() == 3);
    const auto refusal = ask(beyond);
    CHECK(refusal.starts_with("HTTP/1.1 503 "));
    CHECK(refusal.find("\r\nRetry-After: 5\r\n") != refusal.npos);
    CHECK(refusal.find("\r\nConnection: close\r\n") != refusal.npos);
    CHECK(refusal.ends_with("\r\n\r\nthe server has too many connections"));
    CHECK(beyond.ended());
    CHECK(ask(one).starts_with("HTTP/1.1 200 "));
    CHECK(ask(two).starts_with("HTTP/1.1 200 "));
    CHECK(server.statistics().over_connections == 1);
    beyond.close();
    CHECK(server.statistics().connections == 2);
    one.close();
    auto next = server.connect();
    CHECK(ask(next).starts_with("HTTP/1.1 200 "));
    CHECK(server.statistics().over_connections == 1);
}

TEST_CASE("an event stream beyond the bound is told when to come back") {
    site s{{.limits = {.max_connections = 1}}};
    s.routes.get("/ticks", tick_for_ever);
    auto& server = s.server();
    auto one = server.get("/ticks");
    auto beyond = server.get("/ticks", {{"Accept", "text/event-stream"}});
    CHECK(beyond.status() == rill::status::ok);
    CHECK(beyond.complete());
    REQUIRE(beyond.events().size() == 1);
    CHECK(beyond.events()[0].type == "refused");
    CHECK(beyond.events()[0].data == R"({"status":503,"reason":"the server has too many connections"})");
    CHECK(beyond.connection().ended());
    CHECK_FALSE(one.cut());
}

TEST_CASE("a connection beyond the bound that asks for nothing is soon closed") {
    site s{{.limits = {.max_connections = 1}}};
    s.routes.get("/", greet);
    auto& server = s.server();
    auto one = server.connect();
    auto silent = server.connect(), half = server.connect();
    half.send("GET / HT");
    server.advance(rill::limits{}.linger);
    CHECK(silent.ended());
    CHECK(half.ended());
    CHECK_FALSE(one.ended());
}

TEST_CASE("the place of a stream that ends by itself is free while its connection goes on") {
    site s{{.limits = {.max_streams_per_address = 1}}};
    s.routes.get("/", [](rill::request&) -> rill::event_stream { co_yield {.data = "x"}; });
    auto& server = s.server();
    server.come_from("192.0.2.7:1001");
    auto c = server.connect();
    for (int i = 0; i < 3; ++i) CHECK(ask(c).starts_with("HTTP/1.1 200 "));
    c.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(c.receive().starts_with("HTTP/1.1 200 "));
    CHECK(ask(c).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a connection has as many requests as it may, and the last answer says so") {
    site s{{.limits = {.max_requests = 3}}};
    s.routes.get("/", greet);
    auto& server = s.server();
    auto c = server.connect();
    for (int i = 0; i < 2; ++i) {
        const auto answer = ask(c);
        CHECK(answer.find("\r\nConnection: close\r\n") == answer.npos);
    }
    CHECK_FALSE(c.ended());
    const auto last = ask(c);
    CHECK(last.starts_with("HTTP/1.1 200 "));
    CHECK(last.find("\r\nConnection: close\r\n") != last.npos);
    CHECK(c.ended());
    CHECK(server.statistics().over_requests == 1);
    auto pipelined = server.connect();
    const std::string one = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
    pipelined.send(one + one + one + one);
    const auto answers = pipelined.receive();
    std::size_t count = 0;
    for (auto at = answers.find("HTTP/1.1 200 "); at != answers.npos;
         at = answers.find("HTTP/1.1 200 ", at + 1))
        ++count;
    CHECK(count == 3);
    CHECK(pipelined.ended());
}

TEST_CASE("a request must come as a whole in its time, however steadily it comes") {
    site s{{.limits = {.head_timeout = 10s, .request_timeout = 20s}}};
    s.routes.post("/", [](rill::request& r) -> rill::task<rill::response> {
        co_return rill::response::text(co_await r.text());
    });
    auto& server = s.server();
    auto c = server.connect();
    c.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n");
    for (int second = 0; second < 19; ++second) {
        server.advance(1s);
        c.send(std::string(10'000, 'x'));
        CHECK_FALSE(c.ended());
    }
    server.advance(1s);
    CHECK(c.receive().starts_with("HTTP/1.1 408 "));
    CHECK(c.ended());
    CHECK(server.statistics().slow_requests == 1);

    auto head = server.connect();
    head.send("POST / HT");
    server.advance(10s);
    CHECK(head.receive().starts_with("HTTP/1.1 408 "));
    CHECK(server.statistics().slow_requests == 2);

    auto next = server.connect(); // the time counts anew for each request
    const std::string small = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\n";
    for (int i = 0; i < 3; ++i) {
        next.send(small);
        server.advance(4s);
        next.send("x");
        CHECK(next.receive().starts_with("HTTP/1.1 200 "));
        server.advance(15s);
    }
    CHECK_FALSE(next.ended());
}

TEST_CASE("a handler that takes too long is cancelled, and its client told") {
    site s{{.limits = {.handler_timeout = 5s}}};
    bool gone = false;
    s.routes.get("/slow", [&gone](rill::request&) -> rill::task<rill::response> {
        const trace here{gone};
        co_await rill::sleep_for(1h);
        co_return rill::response::text("at last");
    });
    s.routes.get("/soon", [](rill::request&) -> rill::task<rill::response> {
        co_await rill::sleep_for(4s);
        co_return rill::response::text("in time");
    });
    s.routes.get("/ticks", tick_for_ever);
    s.routes.get("/later", [](rill::request& r) -> rill::task<rill::response> {
        co_await rill::sleep_for(4s);
        co_return rill::response{tick_for_ever(r)};
    });
    auto& server = s.server();
    auto slow = server.get("/slow");
    auto soon = server.get("/soon");
    auto ticks = server.get("/ticks");
    auto later = server.get("/later");
    server.advance(5s);
    CHECK(gone);
    CHECK(slow.status() == rill::status::service_unavailable);
    CHECK(slow.body() == "the handler has taken too long");
    CHECK(slow.connection().ended());
    CHECK(soon.body() == "in time");
    server.advance(10s);
    CHECK_FALSE(ticks.cut());
    CHECK(ticks.events().size() == 16);
    CHECK(later.events().size() == 12);
    CHECK(server.statistics().slow_handlers == 1);
    REQUIRE(s.log.lines.size() == 1);
    CHECK(s.log.lines[0].find("GET /slow: the handler failed: it has taken too long") != std::string::npos);
}

TEST_CASE("a handler that takes too long and does not heed its cancellation holds up no drain of others") {
    site s{{.limits = {.handler_timeout = 5s}}};
    bool gone = false;
    s.routes.get("/", [&gone](rill::request&) -> rill::task<rill::response> {
        const trace here{gone};
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_await rill::sleep_for(20s);
        co_return rill::response::text("at last");
    });
    auto& server = s.server();
    auto slow = server.get("/");
    server.advance(5s);
    CHECK(slow.status() == rill::status::service_unavailable);
    CHECK_FALSE(gone);
    slow.close();
    server.advance(15s);
    CHECK(gone);
    CHECK(server.connections() == 0);
}

TEST_CASE("a handler that waits for a body is timed, too") {
    site s{{.limits = {.handler_timeout = 3s}}};
    s.routes.post("/", [](rill::request& r) -> rill::task<rill::response> {
        co_return rill::response::text(co_await r.text());
    });
    auto& server = s.server();
    auto c = server.connect();
    c.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10000\r\n\r\n");
    for (int i = 0; i < 2; ++i) {
        server.advance(1s);
        c.send(std::string(1000, 'x'));
    }
    server.advance(1s);
    CHECK(c.receive().starts_with("HTTP/1.1 503 "));
    server.advance(2s);
    CHECK(server.connections() == 0);
}

TEST_CASE("a stream ends when it is old, as in a drain, and its connection with it") {
    site s{{.reconnect_spread = 2s, .limits = {.max_stream_age = 100s}}};
    rill::topic news;
    s.routes.get("/ticks", tick_for_ever);
    s.routes.get("/news", [&news](rill::request& r) { return news.subscribe(r); });
    s.routes.get("/last", tick_for_ever, {.drain = rill::drain::let_finish});
    auto& server = s.server();
    std::vector<rill::testing::reply> all;
    for (int i = 0; i < 50; ++i) all.push_back(server.get(i % 2 == 0 ? "/ticks" : "/news"));
    auto last = server.get("/last");
    const auto open = [&] {
        std::size_t n = 0;
        for (auto& each : all) n += each.complete() ? 0 : 1;
        return n;
    };
    server.advance(89s);
    CHECK(open() == 50);
    server.advance(11s);
    CHECK(open() > 5);
    CHECK(open() < 45); // spread
    server.advance(11s);
    CHECK(open() == 0);
    for (auto& each : all) {
        CHECK_FALSE(each.cut());
        CHECK(each.connection().ended());
    }
    CHECK_FALSE(last.complete());
    CHECK(server.statistics().old_streams == 50);
}

TEST_CASE("health checks fail once the server is about to stop") {
    site s{{}};
    s.routes.get("/healthz", rill::health);
    s.routes.get("/", greet);
    s.routes.get("/ticks", tick_for_ever);
    auto& server = s.server();
    auto ticks = server.get("/ticks");
    auto well = server.get("/healthz");
    CHECK(well.status() == rill::status::ok);
    CHECK(well.body() == "ok");
    server.announce_stop();
    auto stopping = server.get("/healthz");
    CHECK(stopping.status() == rill::status::service_unavailable);
    CHECK(stopping.body() == "stopping");
    CHECK(server.get("/").status() == rill::status::ok);
    server.advance(3s);
    CHECK(ticks.events().size() == 4);
    server.drain();
    CHECK(ticks.complete());
}
