// A program of somebody else's that uses Rill: its own handlers with Asio's timers in them, the client on an
// event loop of its own, and the test kit. Its Asio is another copy than the library's, and perhaps another
// compiler's, and still the two know each other's loops, signals and errors.
#include <rill/rill.hpp>
#include <rill/testing/server.hpp>

#include <asio/co_spawn.hpp>
#include <asio/connect.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
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

/// What a handler sees of its own loop with the program's Asio: that it runs in it, and a connection of its
/// own there.
rill::task<rill::response> look(rill::request&) {
    const auto executor = co_await asio::this_coro::executor;
    bool at_once = false;
    asio::dispatch(executor, [&] { at_once = true; });
    asio::ip::tcp::acceptor acceptor{executor, {asio::ip::address_v4::loopback(), 0}};
    asio::ip::tcp::socket near{executor};
    co_await near.async_connect(acceptor.local_endpoint(), asio::use_awaitable);
    auto far = co_await acceptor.async_accept(asio::use_awaitable);
    std::string big(1 << 20, 'x'); // more than a socket holds
    asio::async_write(near, asio::buffer(big), [](const asio::error_code&, std::size_t) {});
    std::string got(big.size(), ' ');
    co_await asio::async_read(far, asio::buffer(got), asio::use_awaitable);
    far.close();
    co_return rill::response::text(at_once && got == big ? "at home" : "abroad");
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

    heard += ", ";
    auto loop = co_await client.get("/look");
    heard += co_await loop.bytes();

    struct : rill::source_observer {
        bool told = false;
        void on_error(const rill::error& why, std::optional<std::chrono::milliseconds>) override {
            told = told || why.code() == asio::error::eof;
        }
    } end;
    rill::event_source once{client, url + "/count?to=1", {.retry = 1ms, .observer = &end}};
    for (int n = 0; n < 2; ++n) co_await once.next();
    heard += end.told ? ", the end" : ", something else";
}

/// One signal, and two that wait for it: librill's server and the program.
bool both_hear_signals() {
    rill::router routes;
    routes.get("/", [](rill::request&) { return rill::response::text("here"); });
    asio::io_context context;
    asio::signal_set mine{context, SIGTERM};
    bool heard = false;
    mine.async_wait([&](const asio::error_code& failure, int) { heard = !failure; });
    std::jthread killing{[] {
        std::this_thread::sleep_for(300ms);
        std::raise(SIGTERM);
    }};
    const bool stopped = rill::serve(routes, {.port = 0, .threads = 1}) == 0;
    context.run_for(5s);
    return stopped && heard;
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
    if (!both_hear_signals()) return 2;

    rill::router routes;
    routes.get("/count", count).post("/say", say).get("/look", look);
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
