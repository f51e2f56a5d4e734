// Clients that leave before their request has had its turn.
#include "net/serving.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

namespace {

using serving::socket_client;

/// Runs a server from here on: what connects before waits in the system's queue, sent bytes and all.
class running {
public:
    explicit running(rill::server& server) : server_{server}, thread_{[&server] { server.run(); }} {}
    running(const running&) = delete;
    running& operator=(const running&) = delete;
    ~running() {
        server_.stop();
        server_.stop();
    }

private:
    rill::server& server_;
    std::jthread thread_;
};

/// A handler that counts its calls.
auto counted(std::atomic<int>& calls) {
    return [&calls](rill::request&) {
        ++calls;
        return rill::response::text("x");
    };
}

} // namespace

TEST_CASE("no handler runs for a client that has reset its connection") {
    std::atomic<int> calls = 0;
    rill::router routes;
    routes.get("/", counted(calls));
    rill::server server{routes, {.port = 0, .threads = 1}};
    for (int n = 0; n < 20; ++n) {
        socket_client gone{server.url()};
        gone.send(serving::get("/"));
        gone.reset();
    }
    socket_client here{server.url()};
    here.send(serving::get("/"));
    const running now{server};
    CHECK(serving::body_of(here) == "x");
    CHECK(calls == 1);
}

TEST_CASE("clients that have finished are answered behind all others, in turns") {
    constexpr int many = 60;
    std::atomic<int> calls = 0, before = -1;
    rill::router routes;
    routes.get("/", counted(calls));
    routes.get("/here", [&](rill::request&) {
        before = calls.load();
        return rill::response::text("y");
    });
    rill::server server{routes, {.port = 0, .threads = 1}};
    for (int n = 0; n < many; ++n) socket_client{server.url()}.send(serving::get("/"));
    socket_client here{server.url()};
    here.send(serving::get("/here"));
    const running now{server};
    CHECK(serving::body_of(here) == "y");
    CHECK(before < many / 3);
    CHECK(
        serving::eventually([&] { return calls == many; })); // one that only closed its half gets its answer
}

TEST_CASE("a client that has closed its half before it was looked at gets its answer") {
    std::atomic<int> calls = 0;
    rill::router routes;
    routes.get("/", counted(calls));
    rill::server server{routes, {.port = 0, .threads = 1}};
    socket_client half{server.url()};
    half.send(serving::get("/") + serving::get("/"));
    half.finish();
    const running now{server};
    CHECK(serving::body_of(half) == "x");
    CHECK(serving::body_of(half) == "x");
    CHECK(half.receive().empty());
    CHECK(calls == 2);
}

TEST_CASE(
    "a client that closes its half behind its request gets the answer of each handler that need not wait") {
    rill::router routes;
    routes.post("/plain", [](rill::request&) { return rill::response::text("x"); })
        .post("/task",
              [](rill::request&) -> rill::task<rill::response> { co_return rill::response::text("x"); })
        .post("/echo",
              [](rill::request& request) -> rill::task<rill::response> {
                  co_return rill::response::text(co_await request.text());
              })
        .post("/events", [](rill::request&) -> rill::event_stream { co_yield {.data = "x"}; });
    rill::server server{routes, {.port = 0, .threads = 1}};
    const running now{server};
    for (const std::string path : {"/plain", "/task", "/echo", "/events"})
        for (int n = 0; n < 100; ++n) {
            CAPTURE(path);
            CAPTURE(n);
            socket_client half{server.url()};
            half.send("POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
            if (n % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds{20 * n});
            half.send("x");
            half.finish();
            std::string got;
            for (auto more = half.receive(); !more.empty(); more = half.receive()) got += more;
            REQUIRE(got.starts_with("HTTP/1.1 200 OK\r\n"));
            REQUIRE(got.find('x', got.find("\r\n\r\n")) != std::string::npos);
        }
}
