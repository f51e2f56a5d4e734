// Connections that are ready at once: all are read, then all are answered, then all answers are sent.
#include <rill/net/detail/shard.hpp>
#include <rill/net/detail/socket_transport.hpp>
#include <rill/rill.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using rill::request;
using rill::response;

namespace {

/// The peer's end of a Unix socket.
class peer {
public:
    explicit peer(int socket) : socket_{socket} {}
    peer(peer&& from) noexcept : socket_{std::exchange(from.socket_, -1)} {}
    peer& operator=(peer&&) = delete;
    ~peer() { close(); }

    void send(std::string_view bytes) const {
        REQUIRE(::send(socket_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    }
    /// All that is there, and "END" behind it where nothing can follow.
    [[nodiscard]] std::string receive() const {
        std::string all;
        std::array<char, 65'536> space;
        for (;;) {
            const auto got = ::recv(socket_, space.data(), space.size(), MSG_DONTWAIT);
            if (got == 0) return all + "END";
            if (got < 0) return all;
            all.append(space.data(), static_cast<std::size_t>(got));
        }
    }
    void finish() const { ::shutdown(socket_, SHUT_WR); }
    void close() {
        if (socket_ >= 0) ::close(std::exchange(socket_, -1));
    }

private:
    int socket_;
};

/// A shard with connections that are all open, and that are looked at when the test says so.
class crowd {
public:
    explicit crowd(const rill::router& routes, std::size_t size = 8) : common_{routes, {}} {
        shard_.emplace(common_, rill::detail::timers::clock_kind::manual);
        for (std::size_t n = 0; n < size; ++n) {
            std::array<int, 2> pair{};
            REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) == 0);
            const int small = 4096;
            ::setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
            peers.emplace_back(pair[1]);
            shard_->expect_connection();
            shard_->open(rill::detail::make_socket_transport(
                shard_->context(), {pair[0], rill::detail::connected_socket::family::unix_domain}));
        }
        run();
    }

    void run() {
        shard_->context().restart();
        while (shard_->context().poll_one() > 0) {
        }
    }
    void stop() { shard_.reset(); }
    [[nodiscard]] rill::detail::shard& shard() { return *shard_; }

    std::vector<peer> peers;

private:
    rill::detail::service common_;
    std::optional<rill::detail::shard> shard_;
};

std::string get(std::string_view path, std::string_view more = {}) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n{}\r\n", path, more);
}

std::size_t count(std::string_view text, std::string_view what) {
    std::size_t n = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + what.size())) ++n;
    return n;
}

} // namespace

TEST_CASE("connections that are ready at once are answered before the first answer is sent, each its own") {
    rill::router routes;
    crowd* all = nullptr;
    std::size_t asked = 0;
    std::vector<std::string> early;
    routes.get("/{n}", [&](request& r) {
        ++asked;
        for (const auto& other : all->peers) early.push_back(other.receive());
        return response::text("number " + r.param("n"));
    });
    crowd c{routes};
    all = &c;
    for (int round = 0; round < 3; ++round) {
        for (std::size_t n = 0; n < c.peers.size(); ++n) c.peers[n].send(get(fmt::format("/{}", n)));
        c.run();
        for (const auto& bytes : early) CHECK(bytes.empty());
        for (std::size_t n = 0; n < c.peers.size(); ++n) {
            const auto answer = c.peers[n].receive();
            CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
            CHECK(answer.ends_with(fmt::format("\r\n\r\nnumber {}", n)));
        }
    }
    CHECK(asked == 3 * c.peers.size());
}

TEST_CASE("whatever else comes with them is answered as it is alone") {
    rill::router routes;
    routes.get("/", [](request&) { return response::text("plain"); });
    routes.get("/much", [](request&) { return response::text(std::string(3000, 'm')); });
    routes.get("/late", [](request&) -> rill::task<response> {
        co_await rill::sleep_for(0ms);
        co_return response::text("late");
    });
    routes.get("/events", [](request&) -> rill::event_stream {
        co_yield {.data = "one"};
        co_yield {.data = "two"};
    });
    routes.get("/none", [](request&) { return response{rill::status::no_content}; });
    routes.get("/fails", [](request&) -> response { throw rill::http_error{rill::status::conflict, "no"}; });
    crowd c{routes, 11};
    c.peers[0].send(get("/"));
    c.peers[1].send(get("/") + get("/none") + get("/"));
    c.peers[2].send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n");
    c.peers[3].send(get("/", "Connection: close\r\n"));
    c.peers[4].send(get("/much"));
    c.peers[5].send(get("/late"));
    c.peers[6].send(get("/events"));
    c.peers[7].send("nonsense\r\n\r\n");
    c.peers[8].send(get("/"));
    c.peers[8].finish();
    c.peers[9].send(get("/fails"));
    c.peers[10].send(get("/"));
    c.run();
    CHECK(c.peers[0].receive().ends_with("\r\n\r\nplain"));
    const auto three = c.peers[1].receive();
    CHECK(count(three, "\r\n\r\nplain") == 2);
    CHECK(count(three, "HTTP/1.1 204 No Content\r\n") == 1);
    CHECK(three.ends_with("plain"));
    const auto head = c.peers[2].receive();
    CHECK(head.find("Content-Length: 5\r\n") != head.npos);
    CHECK(head.ends_with("\r\n\r\n"));
    CHECK(c.peers[3].receive().ends_with("\r\n\r\nplainEND"));
    CHECK(count(c.peers[4].receive(), "m") >= 3000);
    CHECK(c.peers[5].receive().ends_with("\r\n\r\nlate"));
    const auto events = c.peers[6].receive();
    CHECK(events.find("data: one\n\ndata: two\n\n") != events.npos);
    CHECK(events.ends_with("\r\n0\r\n\r\n"));
    CHECK(c.peers[7].receive().starts_with("HTTP/1.1 400 "));
    CHECK(c.peers[8].receive().ends_with("\r\n\r\nplainEND"));
    CHECK(c.peers[9].receive().starts_with("HTTP/1.1 409 "));
    CHECK(c.peers[10].receive().ends_with("\r\n\r\nplain"));
}

TEST_CASE("what a client does not take of such an answer comes when it takes it") {
    rill::router routes;
    routes.get("/", [](request&) { return response::text(std::string(3000, 'm')); });
    crowd c{routes};
    constexpr int rounds = 20; // more than fits a socket
    for (int n = 0; n < rounds; ++n) {
        for (const auto& one : c.peers) one.send(get("/"));
        c.run();
    }
    for (const auto& one : c.peers) {
        std::string all;
        for (auto more = one.receive(); !more.empty(); more = one.receive()) {
            all += more;
            c.run();
        }
        CHECK(count(all, "HTTP/1.1 200 OK\r\n") == rounds);
        CHECK(count(all, std::string(3000, 'm')) == rounds);
    }
}

TEST_CASE("clients that leave before their answers go out take nobody else's with them") {
    rill::router routes;
    crowd* all = nullptr;
    routes.get("/", [&](request&) {
        for (std::size_t n = 0; n < all->peers.size(); n += 2) all->peers[n].close();
        return response::text("plain");
    });
    crowd c{routes};
    all = &c;
    for (const auto& one : c.peers) one.send(get("/"));
    c.run();
    for (std::size_t n = 1; n < c.peers.size(); n += 2)
        CHECK(c.peers[n].receive().ends_with("\r\n\r\nplain"));
    CHECK(c.shard().connections() == c.peers.size() / 2);
}

TEST_CASE("the others are answered even if the last one that is ready has nothing to read") {
    rill::router routes;
    routes.get("/", [](request&) { return response::text("plain"); });
    crowd c{routes};
    for (std::size_t n = 0; n + 1 < c.peers.size(); ++n) c.peers[n].send(get("/"));
    c.peers.back().close();
    c.run();
    for (std::size_t n = 0; n + 1 < c.peers.size(); ++n)
        CHECK(c.peers[n].receive().ends_with("\r\n\r\nplain"));
    CHECK(c.shard().connections() == c.peers.size() - 1);
}

TEST_CASE("a server that drains meanwhile sends what is answered, and ends") {
    rill::router routes;
    crowd* all = nullptr;
    std::size_t asked = 0;
    bool drained = false;
    routes.get("/", [&](request&) {
        if (++asked == 3) all->shard().drain([&] { drained = true; });
        return response::text("plain");
    });
    crowd c{routes, 5};
    all = &c;
    for (const auto& one : c.peers) one.send(get("/"));
    c.run();
    CHECK(asked == 3); // nobody had begun to look at what the others ask
    for (std::size_t n = 0; n < 3; ++n) CHECK(c.peers[n].receive().ends_with("\r\n\r\nplainEND"));
    for (std::size_t n = 3; n < 5; ++n) CHECK(c.peers[n].receive() == "END");
    for (auto& one : c.peers) one.close();
    c.run();
    CHECK(drained);
}

TEST_CASE("connections that are cut meanwhile get nothing") {
    rill::router routes;
    crowd* all = nullptr;
    std::size_t asked = 0;
    routes.get("/", [&](request&) {
        if (++asked == 3) all->shard().close_all();
        return response::text("plain");
    });
    crowd c{routes, 5};
    all = &c;
    for (const auto& one : c.peers) one.send(get("/"));
    c.run();
    CHECK(asked == 3);
    for (const auto& one : c.peers) CHECK(count(one.receive(), "HTTP") == 0);
    CHECK(c.shard().connections() == 0);
}

TEST_CASE("a shard that ends while connections wait for one another leaves nothing behind") {
    rill::router routes;
    std::size_t asked = 0;
    routes.get("/", [&](request&) {
        ++asked;
        return response::text("plain");
    });
    // It ends after ever more turns of the event loop: at some point all have been read, and none is
    // answered.
    for (int turns = 0; asked == 0; ++turns) {
        REQUIRE(turns < 100);
        crowd c{routes};
        for (const auto& one : c.peers) one.send(get("/"));
        c.shard().context().restart();
        for (int n = 0; n < turns; ++n) c.shard().context().poll_one();
        c.stop();
        if (asked > 0) break;
        for (const auto& one : c.peers) CHECK(count(one.receive(), "HTTP") == 0);
    }
    CHECK(asked == 8);
}

TEST_CASE("what is large does not wait for the others, nor do they for it") {
    rill::router routes;
    routes.post("/", [](request& r) -> rill::task<response> {
        co_return response::text(std::to_string((co_await r.bytes()).size()));
    });
    routes.get("/", [](request&) { return response::text(std::string(10'000, 'm')); });
    crowd c{routes, 30};
    const std::string body(3000, 'b'); // together more than is kept
    for (std::size_t n = 0; n < c.peers.size(); ++n)
        if (n % 3 == 0)
            c.peers[n].send(get("/"));
        else
            c.peers[n].send(fmt::format("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {0}\r\n\r\n{1}",
                                        n % 3 * body.size(), n % 3 == 1 ? body : body + body));
    std::vector<std::string> answers(c.peers.size());
    for (int n = 0; n < 20; ++n) {
        c.run();
        for (std::size_t i = 0; i < answers.size(); ++i) answers[i] += c.peers[i].receive();
    }
    for (std::size_t n = 0; n < answers.size(); ++n)
        CHECK(answers[n].ends_with(n % 3 == 0   ? "\r\n\r\n" + std::string(10'000, 'm')
                                   : n % 3 == 1 ? "\r\n\r\n3000"
                                                : "\r\n\r\n6000"));
}

TEST_CASE("what one handler throws does not keep the answers of the others") {
    rill::router routes;
    std::size_t asked = 0;
    routes.get("/", [&](request&) -> response {
        if (++asked % 2 == 0) throw std::bad_alloc{};
        return response::text("plain");
    });
    crowd c{routes};
    for (const auto& one : c.peers) one.send(get("/"));
    c.run();
    std::size_t plain = 0, failed = 0;
    for (const auto& one : c.peers) {
        const auto answer = one.receive();
        plain += count(answer, "\r\n\r\nplain");
        failed += count(answer, "HTTP/1.1 500 ");
    }
    CHECK(plain == 4);
    CHECK(failed == 4);
}
