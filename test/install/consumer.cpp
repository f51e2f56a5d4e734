// A program of somebody else's that uses Rill: its own handlers with Asio's timers in them, the client on an
// event loop of its own, and the test kit. Its Asio is another copy than the library's, and perhaps another
// compiler's.
#include <rill/rill.hpp>
#include <rill/testing/server.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>

using namespace std::chrono_literals;

int other(); // Asio elsewhere: see other.cpp

namespace {

rill::task<void> rest() {
    asio::steady_timer timer{co_await asio::this_coro::executor, 1ms};
    co_await timer.async_wait(asio::use_awaitable);
}

rill::event_stream count(rill::request& request) {
    const auto limit = request.query<int>("to").value_or(0);
    for (int n = 1; n <= limit; ++n) {
        co_await rest();
        co_await asio::post(asio::use_awaitable);
        co_await rill::sleep_for(1ms);
        co_yield {.id = std::to_string(n), .data = std::to_string(n)};
    }
}

rill::task<rill::response> say(rill::request& request) {
    co_await rest();
    const auto text = co_await request.text();
    if (text.empty()) throw rill::http_error{rill::status::bad_request, "say something"};
    co_return rill::response::text(text);
}

rill::task<void> ask(const std::string& url, std::string& heard) {
    rill::http_client client{url};
    auto numbers = co_await client.get("/count?to=3");
    while (const auto* event = co_await numbers.next()) heard += event->data;
    auto echo = co_await client.post("/say", "hello");
    heard += co_await echo.bytes();
    auto refused = co_await client.post("/say", "");
    heard += std::to_string(static_cast<int>(refused.status()));
    try {
        co_await client.get("http://127.0.0.1:1/"); // nobody listens there
    } catch (const rill::error& failure) {
        heard += failure.code() == std::errc::connection_refused ? "refused" : failure.what();
    }
    asio::steady_timer timer{co_await asio::this_coro::executor, 1h};
    timer.expires_after(0ms);
    co_await timer.async_wait(asio::use_awaitable);
}

/// In memory, by a clock that is moved.
bool passes_its_own_test() {
    rill::router routes;
    routes.get("/ticks", [](rill::request&) -> rill::event_stream {
        for (;;) {
            co_await rill::sleep_for(1s);
            co_await asio::post(asio::use_awaitable);
            co_yield {.data = "tick"};
        }
    });
    rill::testing::server server{routes};
    auto reply = server.get("/ticks");
    server.advance(3s);
    const bool ticks = reply.events().size() == 3;
    reply.close();
    return ticks && server.connections() == 0;
}

} // namespace

int main() {
    if (!passes_its_own_test()) return 1;

    rill::router routes;
    routes.get("/count", count).post("/say", say);
    rill::server server{routes, {.port = 0, .threads = 1}};
    std::jthread serving{[&] { server.run(); }};

    asio::io_context context;
    std::string heard;
    std::exception_ptr failure;
    asio::co_spawn(context, ask(server.url(), heard), [&](std::exception_ptr what) { failure = what; });
    context.run();
    server.stop();
    if (failure) std::rethrow_exception(failure);
    std::printf("heard %s, and from others %d\n", heard.c_str(), other());
}
