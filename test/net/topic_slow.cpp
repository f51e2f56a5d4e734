// Subscribers that never read, among many that do.
#include "net/crowd.hpp"
#include "net/heap.hpp"
#include "net/serving.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr std::size_t readers = 900, stuck = 100;
constexpr std::size_t keeps = 200;
const std::string filling(1'000, '.');

/// A topic, its server, and those who read its events.
class audience {
public:
    explicit audience(const rill::topic_options& options, const rill::limits& limits = {}) : topic{options} {
        routes_.get("/", [this](rill::request& request) { return topic.subscribe(request); });
        server_.emplace(routes_, rill::server_options{.threads = 1, .limits = limits});
        port_ = static_cast<std::uint16_t>(crowd::number_behind(server_->url(), "127.0.0.1:"));
    }

    /// Those who read.
    void seat(std::size_t count) {
        readers_.resize(count);
        for (std::size_t n = 0; n < count; ++n) {
            readers_[n].stream.open(port_, "/");
            watcher_.add(readers_[n].stream, n);
        }
        REQUIRE(serving::eventually([&] { return topic.statistics().subscribers == count; }));
    }
    /// Those who do not.
    void seat_stuck(std::size_t count) {
        const auto before = topic.statistics().subscribers;
        for (std::size_t n = 0; n < count; ++n) stuck_.emplace_back().open(port_, "/", {}, 4096);
        REQUIRE(serving::eventually([&] { return topic.statistics().subscribers == before + count; }));
    }

    /// Publishes until they have all that they will ever hold.
    void fill_stuck() {
        const auto taken = [this] {
            const auto all = topic.statistics();
            return all.delivered - all.published * readers_.size();
        };
        for (auto before = taken(); tell(50), taken() != before; before = taken()) {
        }
    }
    void dismiss_stuck() {
        stuck_.clear();
        REQUIRE(serving::eventually([&] { return topic.statistics().subscribers == readers_.size(); }));
    }

    /// Publishes so many events, and has them read by all who do.
    void tell(int count) {
        for (int n = 0; n < count; ++n) topic.publish({.data = filling});
        last_ += static_cast<std::uint64_t>(count);
        std::size_t behind = readers_.size();
        for (const auto& r : readers_) behind -= r.last == last_ ? 1 : 0;
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (behind > 0) {
            if (std::chrono::steady_clock::now() > deadline) throw std::logic_error{"readers wait for ever"};
            for (const auto n : watcher_.ready(100ms)) {
                auto& r = readers_[n];
                const auto before = r.last;
                const auto [state, size] = r.stream.read(65536, [&](const crowd::block& b) {
                    const auto number = crowd::number_behind(b.id, "-");
                    if (b.type != "checkpoint" && (number != r.last + 1 || b.type == "gap"))
                        throw std::logic_error{fmt::format("{} behind {}", b.id, r.last)};
                    r.last = number;
                });
                if (state != crowd::client::state::open) throw std::logic_error{"a reader was cut off"};
                behind -= before != last_ && r.last == last_ ? 1 : 0;
            }
        }
    }

    rill::topic topic;

private:
    struct reader {
        crowd::client stream;
        std::uint64_t last = 0;
    };

    rill::router routes_;
    std::optional<serving::server> server_;
    std::uint16_t port_ = 0;
    crowd::watcher watcher_;
    std::vector<reader> readers_;
    std::vector<crowd::client> stuck_;
    std::uint64_t last_ = 0;
};

} // namespace

TEST_CASE("a hundred subscribers that never read slow nobody down") {
    if (!crowd::can_open(5'000)) {
        MESSAGE("skipped: a process may not open enough files here");
        return;
    }
    // Those who do not read must be there to the end, however slow the machine is.
    audience all{{.keep_events = keeps, .policy = rill::lag_policy::skip}, {.write_timeout = 1h}};
    all.seat(readers);
    all.seat_stuck(stuck);
    all.fill_stuck();
    // A server that waited for those would make `tell` wait for longer than it does. That they cost nothing
    // is counted, in instructions and in writes: see bench/guard.py.
    for (int burst = 0; burst < 30; ++burst) all.tell(10);
    CHECK(all.topic.statistics().subscribers == readers + stuck);
    CHECK(all.topic.statistics().disconnected == 0);
    all.dismiss_stuck();
    all.tell(10);
}

TEST_CASE("what subscribers that never read hold of the heap is bounded by the log and by write_buffer") {
    constexpr std::size_t log = std::size_t{1} << 20, buffer = 64 * 1024;
    audience all{{.keep_bytes = log, .policy = rill::lag_policy::skip}, {.write_buffer = buffer}};
    all.seat(10);
    all.seat_stuck(stuck);
    all.tell(10); // what is made once is there
    const auto before = heap::bytes();
    for (int n = 0; n < 300; ++n) all.tell(100); // 30 MB
    CHECK(heap::bytes() - before <= static_cast<std::ptrdiff_t>(2 * log + stuck * (buffer + 2'000)));
    CHECK(all.topic.statistics().bytes <= log);
    CHECK(all.topic.statistics().subscribers == 10 + stuck);
}

TEST_CASE("subscribers that never read are disconnected when they fall off the log, and the others are not") {
    audience all{{.keep_events = keeps}, {.write_timeout = 30s}};
    all.seat(100);
    all.seat_stuck(20);
    for (int n = 0; n < 400 && all.topic.statistics().subscribers > 100; ++n) all.tell(50);
    CHECK(all.topic.statistics().subscribers == 100);
    CHECK(all.topic.statistics().disconnected == 20);
    CHECK(all.topic.statistics().gaps == 0);
}

TEST_CASE("subscribers that never read are cut after the write timeout, whatever the policy") {
    audience all{{.keep_events = 1'000'000, .keep_bytes = std::size_t{1} << 30}, {.write_timeout = 200ms}};
    all.seat(100);
    all.seat_stuck(20);
    for (int n = 0; n < 100; ++n) all.tell(50);
    CHECK(serving::eventually([&] { return all.topic.statistics().subscribers == 100; }));
    CHECK(all.topic.statistics().disconnected == 0);
    all.tell(1);
}

TEST_CASE("a topic costs about what it keeps, for how long ever it is published to") {
    rill::topic topic{{.keep_events = 10}};
    const auto before = heap::bytes();
    for (int n = 0; n < 100'000; ++n) topic.publish({.data = "hello"});
    CHECK(topic.statistics().bytes < 500);
    CHECK(heap::bytes() - before < 5'000);
}
