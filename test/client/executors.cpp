// Where a client may run: strands of a pool, and handlers.
#include <rill/client/error.hpp>

#include "client/asking.hpp"
#include "client/scripted_server.hpp"
#include "net/serving.hpp"

#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <future>
#include <string>
#include <vector>

using namespace asking;
using rill::client_request;
using rill::method;
using scripted::connection;
using scripted::response;

TEST_CASE("one client serves many strands of a pool at a time") {
    rill::router routes;
    routes.get("/{n}", [](rill::request& r) -> rill::event_stream {
        const std::string n{r.param("n")};
        for (int i = 0; i < 20; ++i) {
            co_yield {.data = n};
            co_await rill::sleep_for(0ms);
        }
    });
    routes.post("/", [](rill::request& r) -> rill::task<rill::response> {
        auto text = co_await r.text();
        co_return rill::response::text(std::move(text));
    });
    serving::server server{routes, {.threads = 2}};
    rill::http_client client{server.url()};

    const auto work = [&](int n) -> rill::task<std::size_t> {
        const auto name = std::to_string(n);
        std::size_t right = 0;
        for (int round = 0; round < 5; ++round) {
            auto posted = co_await client.post("/", name);
            const auto body = co_await posted.bytes();
            if (body == name) ++right;
            auto stream = co_await client.get("/" + name);
            for (;;) {
                const auto* const message = co_await stream.next();
                if (message == nullptr) break;
                if (message->data == name) ++right;
            }
        }
        co_return right;
    };
    asio::thread_pool pool{4};
    std::vector<std::future<std::size_t>> all;
    all.reserve(16);
    for (int n = 0; n < 16; ++n)
        all.push_back(asio::co_spawn(asio::make_strand(pool), work(n), asio::use_future));
    for (auto& each : all) CHECK(each.get() == 5 * 21);
    pool.join();
}

TEST_CASE("a source on a strand of a pool is closed from another coroutine of it") {
    rill::router routes;
    routes.get("/", [](rill::request&) -> rill::event_stream {
        for (;;) {
            co_yield {.data = "x"};
            co_await rill::sleep_for(1ms);
        }
    });
    serving::server server{routes};
    rill::http_client client{server.url()};
    asio::thread_pool pool{4};
    std::vector<std::future<int>> all;
    const auto follow = [&]() -> rill::task<int> {
        const auto executor = co_await asio::this_coro::executor;
        rill::event_source source{client, "/", eager()};
        int count = 0;
        for (;;) {
            const auto* const message = co_await source.next();
            if (message == nullptr) break;
            if (++count == 5) source.restart();
            if (count == 10) asio::post(executor, [&] { source.close(); });
            if (count > 1000) break;
        }
        co_return count;
    };
    for (int n = 0; n < 8; ++n)
        all.push_back(asio::co_spawn(asio::make_strand(pool), follow(), asio::use_future));
    for (auto& each : all) {
        const auto count = each.get();
        CHECK(count >= 10);
        CHECK(count < 1000);
    }
    pool.join();
}

TEST_CASE("a handler relays a stream, and ends it upstream when its client leaves") {
    std::atomic<std::size_t> left = 0;
    scripted::server upstream{[&](connection& c) {
        if (c.request().empty()) return;
        c.send(scripted::stream() + "id: 1\ndata: token\n\n");
        if (c.is_left()) ++left;
    }};
    rill::http_client client{upstream.url()};
    rill::router routes;
    routes.get("/once", [&](rill::request&) -> rill::event_stream {
        auto answer = co_await client.get("/");
        for (;;) {
            const auto* const message = co_await answer.next();
            if (message == nullptr) break;
            co_yield {.data = message->data};
        }
    });
    routes.get("/source", [&](rill::request&) -> rill::event_stream {
        rill::event_source source{client, "/", eager()};
        for (;;) {
            const auto* const message = co_await source.next();
            if (message == nullptr) break;
            co_yield {.id = message->last_event_id, .data = message->data};
        }
    });
    routes.get("/task", [&](rill::request&) -> rill::task<rill::response> {
        auto answer = co_await client.get("/");
        auto text = co_await answer.bytes();
        co_return rill::response::text(std::move(text));
    });
    serving::server server{routes};
    std::size_t count = 0;
    for (const auto* const path : {"/once", "/source"}) {
        serving::socket_client browser{server.url()};
        browser.send(serving::get(path));
        (void)browser.until("data: token\n");
        CHECK(left == count);
        browser.close();
        ++count;
        CHECK(serving::eventually([&] { return left == count; }));
    }
    serving::socket_client browser{server.url()};
    browser.send(serving::get("/task"));
    (void)upstream.request(2);
    browser.close();
    CHECK(serving::eventually([&] { return left == 3; }));
}

TEST_CASE("a handler that is not read does not read upstream") {
    std::atomic<std::size_t> sent = 0;
    const auto event = "data: " + std::string(10'000, 'x') + "\n\n";
    scripted::server upstream{[&](connection& c) {
        if (c.request().empty()) return;
        c.hold_little();
        c.send(scripted::stream());
        try {
            for (int n = 0; n < 10'000; ++n) {
                c.send(event);
                ++sent;
            }
        } catch (const std::system_error&) {
        } // it has left
    }};
    rill::http_client client{upstream.url()};
    rill::router routes;
    routes.get("/", [&](rill::request&) -> rill::event_stream {
        auto answer = co_await client.get("/");
        for (;;) {
            const auto* const message = co_await answer.next();
            if (message == nullptr) break;
            co_yield {.data = message->data};
        }
    });
    serving::server server{routes};
    serving::socket_client browser{server.url(), 4096};
    browser.send(serving::get("/"));
    (void)browser.until("data: ");
    const auto before = serving::settled(sent);
    CHECK(before < 5'000);
    (void)browser.receive();
    browser.close();
}
