// Many sockets on one event loop. The tests run over each kind of transport.
#include "net_connected.hpp"

#include <asio/post.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace connected;

namespace {

/// Connections that each have an observer waiting for bytes.
struct crowd {
    crowd(loop& l, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i) {
            connections.push_back(l.over_unix());
            observers.push_back(std::make_shared<connected::observer>());
            connections.back().end->wait_readable(observers.back());
        }
        l.run();
    }

    void send_to_all() {
        for (auto& c : connections) c.send("x");
    }
    [[nodiscard]] bool each_told_once() const {
        return std::ranges::all_of(observers, [](const auto& who) { return who->reads == 1; });
    }

    std::vector<connection> connections;
    std::vector<std::shared_ptr<connected::observer>> observers;
};

/// A connection that keeps its transport, as a session does, and leaves with the first thing that it is told.
class leaving final : public transport::observer, public std::enable_shared_from_this<leaving> {
public:
    leaving(std::unique_ptr<transport> end, int& alive) : end_{std::move(end)}, alive_{alive} { ++alive_; }
    leaving(const leaving&) = delete;
    leaving& operator=(const leaving&) = delete;
    ~leaving() { --alive_; }

    void begin() {
        end_->wait_readable(shared_from_this());
        end_->wait_writable(shared_from_this());
    }
    void close() { end_->close(true); }
    void on_readable() override { close(); }
    void on_writable() override {}

private:
    std::unique_ptr<transport> end_;
    int& alive_;
};

} // namespace

TEST_CASE("five hundred sockets that have bytes at a time are all told") {
    loop l;
    crowd all{l, 500};
    all.send_to_all();
    CHECK_FALSE(all.each_told_once());
    l.run();
    CHECK(all.each_told_once());
    for (auto& c : all.connections) CHECK(c.read() == "x");
}

TEST_CASE("an observer may destroy transports that are about to be told") {
    loop l;
    crowd all{l, 50};
    for (const auto& who : all.observers)
        who->then_read = [&] {
            for (auto& c : all.connections) c.end.reset();
        };
    all.send_to_all();
    l.run();
    CHECK(all.each_told_once()); // by closing
}

TEST_CASE("sockets that are opened while others close, under the same numbers, have what is theirs") {
    loop l;
    crowd all{l, 50};
    std::vector<connection> later;
    std::vector<std::size_t> heard;
    const auto open = [&] {
        const auto i = later.size();
        later.push_back(l.over_unix());
        const auto who = std::make_shared<connected::observer>();
        who->then_read = [&, i, self = std::weak_ptr{who}] {
            if (later[i].read() == "x")
                heard.push_back(i);
            else // told of another's bytes: that is no harm
                later[i].end->wait_readable(self.lock());
        };
        later.back().end->wait_readable(who);
    };
    bool first = true;
    for (const auto& old : all.observers)
        old->then_read = [&] {
            if (!std::exchange(first, false)) return;
            for (auto& c : all.connections) c.end.reset();
            for (std::size_t i = 0; i < all.connections.size(); ++i) open();
        };
    all.send_to_all();
    l.run();
    CHECK(all.each_told_once());
    REQUIRE(later.size() == all.connections.size());
    CHECK(heard.empty());
    for (std::size_t i = 0; i < later.size(); ++i) {
        later[i].send("x");
        l.run();
        CHECK(heard.size() == i + 1);
        CHECK(heard.back() == i);
    }
}

TEST_CASE("a closed transport is told nothing, whoever else holds its socket open") {
    loop l;
    auto [socket, peer] = l.unix_sockets();
    const int held = ::dup(socket.native_handle()); // as a process does that was forked meanwhile
    auto end = loop::transport_of(std::move(socket));
    const auto who = std::make_shared<connected::observer>();
    end->wait_readable(who);
    l.run();
    end.reset();
    l.run();
    CHECK(who->reads == 1); // of the close
    asio::write(peer, asio::buffer("x", 1));
    l.run();
    CHECK(who->reads == 1);
    ::close(held);
}

TEST_CASE("a socket that always has bytes keeps nobody else waiting") {
    loop l;
    auto busy = l.over_unix();
    crowd others{l, 10};
    const auto who = std::make_shared<connected::observer>();
    who->then_read = [&] {
        CHECK(busy.read(1) == "x");
        busy.end->wait_readable(who);
    };
    busy.send(std::string(10'000, 'x'));
    busy.end->wait_readable(who);
    REQUIRE(l.until([&] { return who->reads == 10; }));
    others.send_to_all();
    bool posted = false;
    asio::post(l.context, [&] { posted = true; });
    REQUIRE(l.until([&] { return others.each_told_once() && posted; }));
    CHECK(who->reads < 100);
    REQUIRE(l.until([&] { return who->reads == 10'000; }));
    who->then_read = nullptr;
    busy.end->close(false);
    l.run();
}

TEST_CASE("what an observer throws comes out of the event loop, and all others are told") {
    loop l;
    crowd all{l, 50};
    for (const auto& who : all.observers)
        if (who != all.observers.back())
            who->then_read = [] { throw std::runtime_error{"thrown by an observer"}; };
    all.send_to_all();
    int thrown = 0;
    for (bool again = true; again;) try {
            l.run();
            again = false;
        } catch (const std::runtime_error&) {
            ++thrown;
        }
    CHECK(thrown > 0);
    CHECK(all.each_told_once());
    all.connections.back().send("x");
    all.connections.back().end->wait_readable(all.observers.back());
    l.run();
    CHECK(all.observers.back()->reads == 2);
}

TEST_CASE("observers that own their transports go when they are told, or with the event loop") {
    int alive = 0;
    std::optional<loop> l{std::in_place};
    std::vector<stream_socket> peers;
    std::vector<std::weak_ptr<leaving>> all;
    for (int i = 0; i < 50; ++i) {
        auto c = l->over_unix();
        c.fill();
        const auto session = std::make_shared<leaving>(std::move(c.end), alive);
        session->begin();
        all.push_back(session);
        peers.push_back(std::move(c.peer));
    }
    l->run();
    CHECK(alive == 50);
    SUBCASE("each by itself") {
        for (auto& peer : peers) peer.close();
        l->run();
        CHECK(alive == 0);
    }
    SUBCASE("closed, and then the loop ends") {
        for (const auto& session : all) session.lock()->close();
        CHECK(alive == 50);
    }
    peers.clear();
    l.reset();
    CHECK(alive == 0);
}
