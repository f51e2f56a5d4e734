// How a server ends: `stop`, SIGTERM and SIGINT, with streams open and requests under way.
#include "net/serving.hpp"
#include "support/chunks.hpp"

#include <asio/cancellation_state.hpp>
#include <asio/this_coro.hpp>
#include <doctest/doctest.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

using serving::socket_client;

/// The conformance server as a process.
class child {
public:
    child() {
        std::array<int, 2> pipe{};
        REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
        std::string program = CONFORMANCE_SERVER, port = "--port", zero = "0";
        std::array arguments{program.data(), port.data(), zero.data(), static_cast<char*>(nullptr)};
        const auto failure =
            ::posix_spawn(&id_, program.c_str(), &actions, nullptr, arguments.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(pipe[1]);
        REQUIRE(failure == 0);
        std::array<char, 100> line{};
        auto* const out = ::fdopen(pipe[0], "r");
        REQUIRE(std::fgets(line.data(), line.size(), out));
        std::fclose(out);
        std::string_view said{line.data()};
        REQUIRE(said.starts_with("listening on "));
        said.remove_prefix(std::string_view{"listening on "}.size());
        url_ = said.substr(0, said.find('\n'));
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child() {
        if (exit_code()) return;
        ::kill(id_, SIGKILL);
        ::waitpid(id_, nullptr, 0);
    }

    [[nodiscard]] const std::string& url() const { return url_; }
    void signal(int number) const { ::kill(id_, number); }

    /// Nothing while it runs; 1000 and the signal's number if that ended it.
    [[nodiscard]] std::optional<int> exit_code() {
        int status = 0;
        if (!exit_code_ && ::waitpid(id_, &status, WNOHANG) == id_)
            exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
        return exit_code_;
    }

private:
    pid_t id_ = 0;
    std::string url_;
    std::optional<int> exit_code_;
};

} // namespace

TEST_CASE("a signal ends a hundred streams with their last chunk, and the process with 0, within a second") {
    for (const int number : {SIGTERM, SIGINT}) {
        CAPTURE(number);
        child server;
        std::vector<socket_client> clients;
        for (int i = 0; i < 100; ++i) {
            clients.emplace_back(server.url());
            clients.back().send(serving::get("/ticks"));
        }
        for (auto& client : clients) client.until("\r\n\r\n");
        for (auto& client : clients) client.until("data: 1\n\n\r\n");
        const auto began = std::chrono::steady_clock::now();
        server.signal(number);
        for (auto& client : clients) {
            const auto body = client.rest();
            const support::chunks chunks{body};
            CHECK(chunks.complete);
            for (const auto data : chunks.data) CHECK((data == ":\n" || data.ends_with("\n\n")));
        }
        CHECK(serving::eventually([&] { return server.exit_code().has_value(); }));
        CHECK(std::chrono::steady_clock::now() - began < 1s);
        CHECK(server.exit_code() == 0);
    }
}

TEST_CASE("a second signal ends the process at once, whatever is open") {
    child server;
    socket_client half{server.url()}; // the rest of this head would be waited for
    half.send("GET / HTTP/1.1\r\nHo");
    socket_client stream{server.url()};
    stream.send(serving::get("/ticks"));
    stream.until("data: 1\n\n\r\n");
    server.signal(SIGTERM);
    stream.rest();
    CHECK_FALSE(server.exit_code());
    const auto began = std::chrono::steady_clock::now();
    server.signal(SIGTERM);
    CHECK(serving::eventually([&] { return server.exit_code().has_value(); }));
    CHECK(std::chrono::steady_clock::now() - began < 1s);
    CHECK(server.exit_code() == 0);
}

TEST_CASE("a request under way is answered before the server ends, and no other is taken") {
    std::atomic<std::size_t> alive{0};
    rill::router routes;
    routes.get("/slow", [&](rill::request&) -> rill::task<rill::response> {
        const serving::witness local{alive};
        co_await rill::sleep_for(200ms);
        co_return rill::response::text("done");
    });
    serving::server server{routes};
    socket_client client{server.url()}, idle{server.url()};
    client.send(serving::get("/slow") + serving::get("/slow"));
    REQUIRE(serving::eventually([&] { return alive == 1; }));
    server.stop();
    CHECK(idle.rest().empty());
    const auto answer = client.rest();
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.find("\r\nConnection: close\r\n") != answer.npos);
    CHECK(answer.ends_with("\r\n\r\ndone"));
    CHECK(answer.rfind("HTTP/1.1") == 0); // one answer
    CHECK(server.ends(1s));
    CHECK_THROWS_AS(socket_client{server.url()}, std::system_error);
}

TEST_CASE("a body under way is waited for") {
    rill::router routes;
    routes.post("/echo", [](rill::request& request) -> rill::task<rill::response> {
        co_return rill::response::text(co_await request.text());
    });
    serving::server server{routes};
    socket_client client{server.url()};
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    client.until("HTTP/1.1 100 Continue\r\n\r\n");
    server.stop();
    CHECK_FALSE(server.ends(20ms));
    client.send("hello");
    CHECK(client.rest().ends_with("hello"));
    CHECK(server.ends(1s));
}

TEST_CASE("a handler that does not heed the end is cut at the deadline") {
    std::atomic<std::size_t> alive{0};
    rill::router routes;
    routes
        .get("/task",
             [&](rill::request&) -> rill::task<rill::response> {
                 const serving::witness local{alive};
                 co_await rill::sleep_for(1h);
                 co_return rill::status::no_content;
             })
        .get("/stream",
             [&](rill::request&) -> rill::event_stream {
                 const serving::witness local{alive};
                 co_yield {.data = "hello"};
                 co_await rill::sleep_for(1h);
             },
             {.drain = rill::drain::let_finish})
        .get("/stubborn", [&](rill::request&) -> rill::task<rill::response> {
            const serving::witness local{alive};
            for (;;) try {
                    co_await rill::sleep_for(1h);
                } catch (const std::system_error&) {
                    break; // cancelled; what follows is none of the server's business
                }
            co_return rill::status::no_content;
        });
    serving::kept_log log;
    serving::server server{routes, {.threads = 1, .drain_timeout = 200ms, .log = &log}};
    socket_client task{server.url()}, stream{server.url()}, stubborn{server.url()};
    task.send(serving::get("/task"));
    stubborn.send(serving::get("/stubborn"));
    stream.send(serving::get("/stream"));
    stream.until("hello\n\n\r\n");
    REQUIRE(serving::eventually([&] { return alive == 3; }));
    const auto began = std::chrono::steady_clock::now();
    server.stop();
    CHECK(server.ends(2s));
    const auto took = std::chrono::steady_clock::now() - began;
    CHECK(took >= 200ms);
    CHECK(took < 1s);
    CHECK(alive == 0);
    CHECK_THROWS_AS(task.rest(), std::system_error); // a reset
    CHECK_THROWS_AS(stream.rest(), std::system_error);
    CHECK_THROWS_AS(stubborn.rest(), std::system_error);
    CHECK(log.lines() ==
          std::vector<std::string>{"the server ends, and cuts what is still open: 3 connections"});
}

TEST_CASE("a server whose handlers heed nothing ends all the same, on all its threads") {
    std::atomic<std::size_t> alive{0};
    rill::router routes;
    routes.get("/", [&](rill::request&) -> rill::task<rill::response> {
        const serving::witness local{alive};
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_await rill::sleep_for(1h);
        co_return rill::status::no_content;
    });
    {
        serving::server server{routes, {.threads = 2, .drain_timeout = 50ms}};
        socket_client one{server.url()}, two{server.url()};
        one.send(serving::get("/"));
        two.send(serving::get("/"));
        REQUIRE(serving::eventually([&] { return alive == 2; }));
        server.stop();
        CHECK(server.ends(2s));
    }
    CHECK(alive == 0);
}

TEST_CASE("a stream that may finish does, and what it yields until then arrives") {
    rill::router routes;
    routes.get("/three",
               [](rill::request&) -> rill::event_stream {
                   for (int n = 1; n <= 3; ++n) {
                       co_yield {.data = std::to_string(n)};
                       co_await rill::sleep_for(30ms);
                   }
               },
               {.drain = rill::drain::let_finish});
    serving::server server{routes};
    socket_client client{server.url()};
    client.send(serving::get("/three"));
    client.until("data: 1\n\n\r\n");
    server.stop();
    const auto body = client.rest();
    const support::chunks chunks{body};
    CHECK(chunks.complete);
    CHECK(chunks.data == std::vector<std::string_view>{"data: 2\n\n", "data: 3\n\n"});
    CHECK(server.ends(1s));
}

TEST_CASE("streams that are ended may be told to come back at a time of their own") {
    rill::router routes;
    routes.get("/stream", [](rill::request&) -> rill::event_stream {
        co_yield {.data = "hello"};
        co_await rill::sleep_for(1h);
    });
    serving::server server{routes, {.threads = 1, .reconnect_spread = 5s}};
    socket_client client{server.url()};
    client.send(serving::get("/stream"));
    client.until("hello\n\n\r\n");
    server.stop();
    const auto body = client.rest();
    const support::chunks chunks{body};
    CHECK(chunks.complete);
    REQUIRE(chunks.data.size() == 1);
    CHECK(chunks.data.front().starts_with("event: checkpoint\nretry: "));
}

TEST_CASE("a stream that HTTP/1.0 asked for just ends") {
    rill::router routes;
    routes.get("/stream", [](rill::request&) -> rill::event_stream {
        co_yield {.data = "hello"};
        co_await rill::sleep_for(1h);
    });
    serving::server server{routes};
    socket_client client{server.url()};
    client.send("GET /stream HTTP/1.0\r\n\r\n");
    client.until("data: hello\n\n");
    server.stop();
    CHECK(client.rest().empty());
    CHECK(server.ends(1s));
}

TEST_CASE("a server may be stopped before it runs") {
    rill::router routes;
    rill::server server{routes, {.port = 0, .threads = 2}};
    socket_client waiting{server.url()};
    server.stop();
    server.run();
    CHECK_THROWS_AS(socket_client{server.url()}, std::system_error);
}
