// Bounds in time, and cancellation.
#include <rill/client/error.hpp>

#include "client/asking.hpp"
#include "client/scripted_server.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/error.hpp>
#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <vector>

using namespace asking;
using rill::client_errc;
using rill::client_request;
using rill::method;
using scripted::connection;
using scripted::response;

namespace {

/// Listens, takes nobody, and has no room for any more.
class full_house {
public:
    full_house() : listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address_;
        auto* const any = reinterpret_cast<sockaddr*>(&address_);
        REQUIRE(::bind(listener_, any, size) == 0);
        REQUIRE(::listen(listener_, 0) == 0);
        ::getsockname(listener_, any, &size);
        for (int n = 0; n < 4; ++n) {
            waiting_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
            const auto connected = ::connect(waiting_.back(), any, size);
            REQUIRE((connected == 0 || errno == EINPROGRESS));
        }
    }
    full_house(const full_house&) = delete;
    full_house& operator=(const full_house&) = delete;
    ~full_house() {
        for (const int socket : waiting_) ::close(socket);
        ::close(listener_);
    }
    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(ntohs(address_.sin_port)) + "/";
    }

private:
    int listener_;
    sockaddr_in address_{};
    std::vector<int> waiting_;
};

/// Runs what a test begins, and cancels it when a condition has come true.
std::error_code cancelled(const std::function<rill::task<void>()>& work, const std::function<bool()>& when) {
    asio::io_context context{1};
    asio::cancellation_signal cancel;
    bool done = false;
    std::exception_ptr failure;
    asio::co_spawn(context, work(),
                   asio::bind_cancellation_slot(cancel.slot(), [&](const std::exception_ptr& e) {
                       done = true;
                       failure = e;
                   }));
    const auto deadline = std::chrono::steady_clock::now() + scripted::patience;
    while (!when() && std::chrono::steady_clock::now() < deadline) context.run_one_for(1ms);
    REQUIRE(!done);
    cancel.emit(asio::cancellation_type::terminal);
    context.run_for(scripted::patience);
    REQUIRE_MESSAGE(done, "it goes on");
    try {
        if (failure) std::rethrow_exception(failure);
    } catch (const std::system_error& e) {
        return e.code();
    }
    return {};
}

void stay_silent(connection& c) {
    if (c.request().empty()) return;
    CHECK(c.is_left());
}

} // namespace

TEST_CASE("connecting is bounded") {
    const full_house server;
    rill::client_options options;
    options.connect_timeout = 50ms;
    CHECK(failure_of(server.url(), options) == client_errc::connect_timeout);
}

TEST_CASE("the first byte of an answer is bounded") {
    scripted::server server{stay_silent};
    rill::client_options options;
    options.first_byte_timeout = 50ms;
    CHECK(failure_of(server.url(), options) == client_errc::first_byte_timeout);
}

TEST_CASE("silence in mid-answer is bounded") {
    scripted::server server{[](connection& c) {
        (void)c.request();
        c.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        CHECK(c.is_left());
    }};
    rill::client_options options;
    options.idle_timeout = 50ms;
    CHECK(failure_of(server.url(), options) == client_errc::idle_timeout);
}

TEST_CASE("silence in mid-head is bounded") {
    scripted::server server{[](connection& c) {
        (void)c.request();
        c.send("HTTP/1.1 200 OK\r\nContent-");
        CHECK(c.is_left());
    }};
    rill::client_options options;
    options.first_byte_timeout = 50ms;
    options.idle_timeout = 50ms;
    const auto code = failure_of(server.url(), options);
    CHECK((code == client_errc::idle_timeout || code == client_errc::first_byte_timeout));
}

TEST_CASE("a head that trickles in is bounded as a whole") {
    const auto trickle = [](std::string bytes) {
        return [bytes](connection& c) {
            (void)c.request();
            CHECK(!c.trickle(bytes, 10ms));
        };
    };
    rill::client_options options;
    options.first_byte_timeout = 100ms;
    scripted::server head{trickle("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'))};
    CHECK(failure_of(head.url(), options) == client_errc::first_byte_timeout);
    std::string many;
    for (int n = 0; n < 30; ++n) many += "HTTP/1.1 103 Early Hints\r\n\r\n";
    scripted::server interim{trickle(many)};
    CHECK(failure_of(interim.url(), options) == client_errc::first_byte_timeout);
}

TEST_CASE("a redirect whose body does not come is followed all the same") {
    scripted::server server{
        {[](connection& c) {
             (void)c.request();
             c.send("HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 9\r\n\r\nand");
             CHECK(c.is_left());
         },
         scripted::answer(response(200, "", "found"))}};
    CHECK(get(server.url()).body == "found");
}

TEST_CASE("a server that takes nothing of a request is given up") {
    scripted::gate over;
    scripted::server server{[&](connection& c) {
        c.hold_little();
        over.wait();
    }};
    rill::client_options options;
    options.idle_timeout = 100ms;
    rill::http_client client{{}, options};
    const auto code = error_of(
        [&]() -> rill::task<void> { (void)co_await client.post(server.url(), std::string(32 << 20, 'x')); });
    over.open();
    CHECK(code == client_errc::idle_timeout);
}

TEST_CASE("any byte puts the end of patience off") {
    // Each pause is far below the bound, and all of them together are above it.
    scripted::server server{[](connection& c) {
        (void)c.request();
        c.send(scripted::stream());
        scripted::gate never;
        for (int n = 0; n < 8; ++n) {
            c.send(n % 2 == 0 ? ":" : "\n");
            const auto until = std::chrono::steady_clock::now() + 60ms;
            while (std::chrono::steady_clock::now() < until) ::usleep(1000);
        }
        c.send("data: x\n\n");
        CHECK(c.is_left());
    }};
    rill::client_options options;
    options.idle_timeout = 300ms;
    rill::http_client client{{}, options};
    run([&]() -> rill::task<void> {
        auto answer = co_await client.get(server.url());
        const auto* const message = co_await answer.next();
        CHECK(message->data == "x");
    });
}

TEST_CASE("a source takes silence for a stream that broke") {
    scripted::server server{{scripted::endless("data: a\n\n"), scripted::endless("data: b\n\n")}};
    rill::client_options options;
    options.idle_timeout = 50ms;
    rill::http_client client{{}, options};
    diary told;
    rill::event_source source{client, server.url(), eager(&told)};
    texts taken;
    run([&]() -> rill::task<void> { taken = co_await take(source, 2); });
    CHECK(taken == texts{"message|a|", "message|b|"});
    CHECK(told.lines == texts{"open", "again", "open"});
    CHECK(told.codes.at(0) == client_errc::idle_timeout);
}

TEST_CASE("a time of zero is no bound") {
    scripted::gate later;
    scripted::server server{[&](connection& c) {
        (void)c.request();
        later.wait();
        c.send(response(200, "", "x"));
        (void)c.is_left();
    }};
    rill::client_options options;
    options.resolve_timeout = options.connect_timeout = options.first_byte_timeout = options.idle_timeout =
        0ms;
    rill::http_client client{{}, options};
    asio::io_context context{1};
    std::string body;
    asio::co_spawn(
        context,
        [&]() -> rill::task<void> {
            const auto got = co_await whole(client, client_request{method::get, server.url()});
            body = got.body;
        },
        [](const std::exception_ptr&) {});
    (void)server.requests();
    context.run_for(20ms);
    CHECK(body.empty());
    later.open();
    context.run_for(scripted::patience);
    CHECK(body == "x");
}

TEST_CASE("a request is cancelled with its coroutine, and the server knows at once") {
    scripted::server server{stay_silent};
    rill::http_client client;
    const auto code = cancelled([&]() -> rill::task<void> { (void)co_await client.get(server.url()); },
                                [&] { return server.requests().size() == 1; });
    CHECK(code == asio::error::operation_aborted);
}

TEST_CASE("connecting is cancelled with its coroutine") {
    const full_house server;
    rill::http_client client;
    int turns = 0;
    const auto code = cancelled([&]() -> rill::task<void> { (void)co_await client.get(server.url()); },
                                [&] { return ++turns > 20; });
    CHECK(code == asio::error::operation_aborted);
}

TEST_CASE("reading is cancelled with its coroutine") {
    scripted::server server{scripted::endless("data: a\n\n")};
    rill::http_client client;
    bool reading = false;
    const auto code = cancelled(
        [&]() -> rill::task<void> {
            auto answer = co_await client.get(server.url());
            (void)co_await answer.next();
            reading = true;
            (void)co_await answer.next();
        },
        [&] { return reading; });
    CHECK(code == asio::error::operation_aborted);
}

TEST_CASE("an event loop may go with requests under way") {
    scripted::server server{{stay_silent, scripted::endless("data: a\n\n"), stay_silent}};
    rill::http_client client;
    asio::io_context context{1};
    bool reading = false;
    const auto ask_only = [&]() -> rill::task<void> { (void)co_await client.get(server.url()); };
    const auto read_too = [&]() -> rill::task<void> {
        auto answer = co_await client.get(server.url());
        (void)co_await answer.next();
        reading = true;
        (void)co_await answer.next();
    };
    const auto ignore = [](const std::exception_ptr&) {};
    const auto turn_until = [&](const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + scripted::patience;
        while (!condition() && std::chrono::steady_clock::now() < deadline) context.run_one_for(1ms);
        return condition();
    };
    asio::co_spawn(context, ask_only(), ignore);
    REQUIRE(turn_until([&] { return server.requests().size() == 1; }));
    asio::co_spawn(context, read_too(), ignore);
    REQUIRE(turn_until([&] { return reading; }));
    asio::co_spawn(context, ask_only(), ignore);
    REQUIRE(turn_until([&] { return server.requests().size() == 3; }));
}

TEST_CASE("an event loop may go while a name is looked up or a connection is made") {
    const full_house server;
    rill::http_client client;
    for (int turns = 0; turns < 4; ++turns) {
        asio::io_context context{1};
        for (const auto& url :
             {server.url(), std::string{"http://localhost:1/"}, std::string{"http://x.invalid/"}})
            asio::co_spawn(
                context, [&client, url]() -> rill::task<void> { (void)co_await client.get(url); },
                [](const std::exception_ptr&) {});
        for (int n = 0; n < turns; ++n) context.poll_one();
    }
}

TEST_CASE("a client may go with its answers under way") {
    scripted::server server{scripted::endless("data: a\n\n")};
    run([&]() -> rill::task<void> {
        auto client = std::make_unique<rill::http_client>();
        auto answer = co_await client->get(server.url());
        client.reset();
        const auto* const message = co_await answer.next();
        CHECK(message->data == "a");
    });
}
