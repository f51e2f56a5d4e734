// Handlers that hold up their thread, as the clock of the system shows it.
#include "net/serving.hpp"

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

using namespace std::chrono_literals;

TEST_CASE("a handler that blocks once it has its body is told of in the log") {
    serving::kept_log log;
    std::atomic<bool> waits = false;
    rill::router routes;
    routes.post("/body", [&](rill::request& request) -> rill::task<rill::response> {
        waits = true;
        auto text = co_await request.text();
        std::this_thread::sleep_for(130ms); // what it must not do
        co_return rill::response::text(text);
    });
    const serving::server server{routes, {.threads = 1, .log = &log}};
    serving::socket_client client{server.url()};
    client.send("POST /body?secret HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\na");
    REQUIRE(serving::eventually([&] { return waits.load(); }));
    client.send("b");
    CHECK(serving::body_of(client) == "ab");
    CHECK(serving::eventually([&] { return !log.lines().empty(); }));
    const auto lines = log.lines();
    REQUIRE(lines.size() == 1);
    CHECK_MESSAGE(lines[0].starts_with("POST /body: the handler held up its thread"), lines[0]);
}

TEST_CASE("a task that blocks after it has waited for something is told of in the log") {
    for (const std::string path : {"/rill", "/asio", "/goes-on", "/nested"}) {
        CAPTURE(path);
        serving::kept_log log;
        rill::router routes;
        const auto block = [] { std::this_thread::sleep_for(130ms); }; // what it must not do
        routes
            .get("/rill",
                 [block](rill::request&) -> rill::task<rill::response> {
                     co_await rill::sleep_for(1ms);
                     block();
                     co_return rill::status::no_content;
                 })
            .get("/asio",
                 [block](rill::request&) -> rill::task<rill::response> {
                     asio::steady_timer timer{co_await asio::this_coro::executor, 1ms};
                     co_await timer.async_wait(asio::use_awaitable);
                     block();
                     co_return rill::status::no_content;
                 })
            .get("/goes-on",
                 [block](rill::request&) -> rill::task<rill::response> {
                     co_await rill::sleep_for(1ms);
                     block();
                     co_await rill::sleep_for(1ms);
                     co_return rill::status::no_content;
                 })
            .get("/nested", [block](rill::request&) -> rill::event_stream {
                const auto load = [&block]() -> rill::task<int> {
                    co_await rill::sleep_for(1ms);
                    block();
                    co_await rill::sleep_for(1ms);
                    co_return 7;
                };
                const auto number = co_await load();
                co_yield {.data = std::to_string(number)};
            });
        const serving::server server{routes, {.threads = 1, .log = &log}};
        serving::socket_client client{server.url()};
        client.send("GET " + path + "?secret HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        CHECK(serving::eventually([&] { return !log.lines().empty(); }));
        CHECK(client.rest().starts_with("HTTP/1.1 20"));
        const auto lines = log.lines();
        REQUIRE(lines.size() == 1);
        CHECK_MESSAGE(lines[0].starts_with("GET " + path + ": the handler held up its thread"), lines[0]);
    }
}
