// Comments to a peer that may be a proxy: one that is as near as the other end of a Unix socket.
#include <rill/net/detail/shard.hpp>
#include <rill/net/detail/silence.hpp>
#include <rill/net/detail/socket_transport.hpp>
#include <rill/rill.hpp>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

using namespace std::chrono_literals;
using rill::request;

namespace {

/// A shard with one connection, and that one's other end.
class near_client {
public:
    near_client(const rill::router& routes, std::string_view path) : common_{routes, {}} {
        std::array<int, 2> pair{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
        socket_ = pair[1];
        shard_.expect_connection();
        shard_.open(rill::detail::make_socket_transport(
            shard_.context(), {pair[0], rill::detail::connected_socket::family::unix_domain}));
        const auto text = "GET " + std::string{path} + " HTTP/1.1\r\nHost: test\r\n\r\n";
        REQUIRE(::send(socket_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
        run();
        static_cast<void>(comments()); // what opened the stream
    }
    near_client(const near_client&) = delete;
    near_client& operator=(const near_client&) = delete;
    ~near_client() { ::close(socket_); }

    void run() {
        shard_.context().restart();
        shard_.context().poll();
    }

    /// How many comments come in this time.
    [[nodiscard]] std::size_t comments_in(rill::duration time) {
        shard_.timers().advance(time, [this] { run(); });
        return comments();
    }

private:
    [[nodiscard]] std::size_t comments() {
        std::array<char, 65'536> space;
        std::size_t count = 0;
        for (;;) {
            const auto size = ::recv(socket_, space.data(), space.size(), MSG_DONTWAIT);
            if (size <= 0) return count;
            const std::string_view all{space.data(), static_cast<std::size_t>(size)};
            for (auto at = all.find("\n:"); at != all.npos; at = all.find("\n:", at + 1)) ++count;
        }
    }

    const rill::detail::service common_;
    rill::detail::shard shard_{common_, rill::detail::timers::clock_kind::manual};
    int socket_ = -1;
};

} // namespace

TEST_CASE("a comment to a peer that may be a proxy is sent again a second later") {
    rill::topic topic;
    rill::router routes;
    routes.get("/topic", [&](request& r) { return topic.subscribe(r); })
        .get("/handler", [](request&) -> rill::event_stream { co_await rill::sleep_for(24h); })
        .get("/writer", [](request&) {
            return rill::response{
                [](rill::sse_writer&) -> rill::task<void> { co_await rill::sleep_for(24h); }};
        });
    for (const auto* path : {"/topic", "/handler", "/writer"}) {
        CAPTURE(path);
        near_client client{routes, path};
        CHECK(client.comments_in(15s - 1ms) == 0);
        CHECK(client.comments_in(1ms) == 1);
        CHECK(client.comments_in(1s - 1ms) == 0);
        CHECK(client.comments_in(1ms) == 1);
        CHECK(client.comments_in(15s - 1ms) == 0);
        CHECK(client.comments_in(1ms) == 1);
        CHECK(client.comments_in(1s) == 1);
        CHECK(client.comments_in(16min) == 2 * 60);
    }
}

TEST_CASE("a comment is not sent again where something else was sent meanwhile") {
    rill::topic topic;
    rill::router routes;
    routes.get("/topic", [&](request& r) { return topic.subscribe(r); })
        .get("/handler", [](request&) -> rill::event_stream {
            co_await rill::sleep_for(15s + 500ms);
            co_yield {.data = "news"};
            co_await rill::sleep_for(24h);
        });
    for (const auto* path : {"/topic", "/handler"}) {
        CAPTURE(path);
        near_client client{routes, path};
        CHECK(client.comments_in(15s) == 1);
        CHECK(client.comments_in(500ms) == 0);
        topic.publish({.data = "news"});
        CHECK(client.comments_in(15s - 1ms) == 0);
        CHECK(client.comments_in(1ms) == 1);
        CHECK(client.comments_in(1s) == 1);
    }
}

TEST_CASE(
    "comments that follow each other within seconds are not sent again, and where there are none, none is") {
    rill::topic topic;
    rill::router routes;
    routes.get("/often", [&](request& r) { return topic.subscribe(r); }, {.keep_alive = 2s})
        .get("/never", [&](request& r) { return topic.subscribe(r); }, {.keep_alive = 0s});
    near_client often{routes, "/often"};
    CHECK(often.comments_in(20s) == 10);
    near_client never{routes, "/never"};
    CHECK(never.comments_in(1h) == 0);
}
