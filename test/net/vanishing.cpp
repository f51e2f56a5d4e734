// Clients that leave while their handlers wait for something that is an hour away.
#include "net/serving.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <functional>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// A route for each form of a handler, and one for each that writes to a client that never reads.
class waiting_routes {
public:
    waiting_routes() {
        routes_.get("/events", [this](rill::request&) -> rill::event_stream {
            const serving::witness local{alive};
            co_yield {.data = "hello"};
            co_await rill::sleep_for(1h);
        });
        routes_.get("/task", [this](rill::request&) -> rill::task<rill::response> {
            const serving::witness local{alive};
            co_await rill::sleep_for(1h);
            co_return rill::status::no_content;
        });
        routes_.get("/writer", [this](rill::request&, rill::sse_writer& writer) -> rill::task<void> {
            const serving::witness local{alive};
            co_await writer.write({.data = "hello"});
            co_await rill::sleep_for(1h);
        });
        routes_.get("/full-events", [this](rill::request&) -> rill::event_stream {
            const serving::witness local{alive};
            for (;; ++written) co_yield {.data = text_};
        });
        routes_.get("/full-writer", [this](rill::request&, rill::sse_writer& writer) -> rill::task<void> {
            const serving::witness local{alive};
            for (;; ++written) co_await writer.write({.data = text_});
        });
    }

    [[nodiscard]] const rill::router& routes() const { return routes_; }

    std::atomic<std::size_t> alive{0};
    std::atomic<std::size_t> written{0};

private:
    const std::string text_ = std::string(10'000, 'x');
    rill::router routes_;
};

/// How long the handler's locals outlive the client that leaves: of five clients the one in the middle, since
/// on a busy machine any one of them may have to wait for its turn.
std::chrono::milliseconds time_to_notice(std::string_view path,
                                         const std::function<void(serving::socket_client&)>& leave) {
    waiting_routes handlers;
    serving::server server{handlers.routes()};
    std::vector<std::chrono::steady_clock::duration> times;
    for (int i = 0; i < 5; ++i) {
        serving::socket_client client{server.url(), 4096};
        client.send(serving::get(path));
        REQUIRE(serving::eventually([&] { return handlers.alive == 1; }));
        if (path.starts_with("/full")) static_cast<void>(serving::settled(handlers.written));
        const auto left = std::chrono::steady_clock::now();
        leave(client);
        REQUIRE(serving::eventually([&] { return handlers.alive == 0; }));
        times.push_back(std::chrono::steady_clock::now() - left);
    }
    std::ranges::sort(times);
    return std::chrono::duration_cast<std::chrono::milliseconds>(times[2]);
}

constexpr std::array paths{"/events", "/task", "/writer", "/full-events", "/full-writer"};

} // namespace

TEST_CASE("a client that closes has its handler destroyed within 100 ms") {
    for (const std::string path : paths) {
        CAPTURE(path);
        CHECK(time_to_notice(path, [](auto& client) { client.close(); }) < 100ms);
    }
}

TEST_CASE("a client that resets has its handler destroyed within 100 ms") {
    for (const std::string path : paths) {
        CAPTURE(path);
        CHECK(time_to_notice(path, [](auto& client) { client.reset(); }) < 100ms);
    }
}

TEST_CASE("a client that finishes has its handler destroyed within 100 ms, since nobody can tell it from one "
          "that left") {
    for (const std::string path : paths) {
        CAPTURE(path);
        CHECK(time_to_notice(path, [](auto& client) { client.finish(); }) < 100ms);
    }
}

TEST_CASE("a curl that is killed has its handler destroyed within 100 ms") {
    waiting_routes handlers;
    serving::server server{handlers.routes()};
    auto url = server.url() + "/events";
    std::string program = "curl", quiet = "-sN", out = "-o", nowhere = "/dev/null";
    const std::array arguments{program.data(), quiet.data(), out.data(),
                               nowhere.data(), url.data(),   static_cast<char*>(nullptr)};
    auto fastest = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 3; ++i) {
        pid_t curl = 0;
        if (::posix_spawnp(&curl, "curl", nullptr, nullptr, arguments.data(), environ) != 0) {
            MESSAGE("skipped: there is no curl");
            return;
        }
        CHECK(serving::eventually([&] { return handlers.alive == 1; }));
        const auto left = std::chrono::steady_clock::now();
        ::kill(curl, SIGKILL);
        CHECK(serving::eventually([&] { return handlers.alive == 0; }));
        fastest = std::min(fastest, std::chrono::steady_clock::now() - left);
        ::waitpid(curl, nullptr, 0);
    }
    CHECK(fastest < 100ms);
}

TEST_CASE("a client that has sent more ahead than is read of it is still noticed when it leaves") {
    for (const std::string path : {"/events", "/task", "/writer"}) {
        CAPTURE(path);
        waiting_routes handlers;
        serving::server server{handlers.routes()};
        serving::socket_client client{server.url()};
        client.send(serving::get(path));
        REQUIRE(serving::eventually([&] { return handlers.alive == 1; }));
        client.send(std::string(200'000, 'x'));
        client.finish();
        CHECK(serving::eventually([&] { return handlers.alive == 0; }));
    }
}
