// Subscribers that come and go while much is published: each gets every event once, in order, or is told how
// many it missed.
#include "net/crowd.hpp"
#include "net/serving.hpp"
#include "support/sanitized.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

#ifdef SLOW
constexpr std::uint64_t events = 20'000;
#else
constexpr std::uint64_t events = 100'000;
#endif
constexpr std::size_t publishers = 8, subscribers = 200;
constexpr std::uint64_t kept = events / 10;
constexpr auto budget = static_cast<std::uint32_t>(4 * events); // bytes that a connection lasts for, at most

using engine = std::minstd_rand;
using steady = std::chrono::steady_clock;

std::uint32_t below(engine& random, std::uint32_t bound) {
    return std::uniform_int_distribution<std::uint32_t>{0, bound - 1}(random);
}

/// What each subscriber must see. It throws `std::logic_error` where it sees something else.
class ledger {
public:
    /// A new connection begins.
    void connected() {
        first_ = true;
        after_gap_ = false;
    }

    /// `published` is how many events there may be by now.
    void take(const crowd::block& b, std::uint64_t published) {
        const auto first = std::exchange(first_, false);
        const auto number = b.has_id ? crowd::number_behind(b.id, "-") : last_;
        if (b.type == "checkpoint")
            checkpoint(number, first);
        else if (b.type == "gap")
            gap(b, number, published);
        else
            event(b, number);
        last_ = number;
        if (b.has_id) id = b.id;
    }

    std::string id; ///< what it comes back with
    [[nodiscard]] std::uint64_t last() const { return last_; }
    std::size_t gaps = 0;
    std::uint64_t missed = 0, came = 0;

private:
    [[noreturn]] void wrong(const std::string& what) const {
        throw std::logic_error{fmt::format("{} behind {} ({} gaps)", what, id, gaps)};
    }
    void checkpoint(std::uint64_t number, bool first) const {
        if (!first) wrong("a checkpoint amid the stream");
        if (!id.empty() && number != last_) wrong(fmt::format("a checkpoint at {}", number));
    }
    void gap(const crowd::block& b, std::uint64_t number, std::uint64_t published) {
        const auto count = crowd::number_behind(b.data, "\"missed\":");
        if (number != last_ + count) wrong(fmt::format("a gap of {} with the number {}", count, number));
        if (count == 0 || number + kept > published)
            wrong(fmt::format("a gap of {} that need not be", count));
        if (after_gap_) wrong("a second gap");
        after_gap_ = true;
        missed += count;
        ++gaps;
    }
    void event(const crowd::block& b, std::uint64_t number) {
        if (number != last_ + 1) wrong(fmt::format("event {}", number));
        // Its data is who published it, and that one's count.
        const auto who = crowd::number_behind(b.data, "p"), n = crowd::number_behind(b.data, ":");
        auto& counted = counts_.at(who);
        if (n <= counted || (gaps == 0 && n != counted + 1))
            wrong(fmt::format("event {} of publisher {} behind its {}", n, who, counted));
        counted = n;
        after_gap_ = false;
        ++came;
    }

    std::uint64_t last_ = 0;
    bool first_ = true, after_gap_ = false;
    std::array<std::uint64_t, publishers> counts_{};
};

/// A client that drops at a random moment, and comes back a random time later, until it has all.
class subscriber {
public:
    explicit subscriber(std::uint32_t seed) : random_{seed} {}

    void open(std::uint16_t port) {
        seen.connected();
        stream.open(port, "/", seen.id);
        // With less than the head and the checkpoint a new client would not know where it stands.
        budget_ = (seen.id.empty() ? 1'000 : 1) + below(random_, below(random_, 4) == 0 ? 2'000 : budget);
    }

    /// Whether it is still there. `to_the_end`: it drops no more.
    bool read(std::uint64_t published, bool to_the_end) {
        const auto [state, size] = stream.read(to_the_end ? 65536 : budget_,
                                               [&](const crowd::block& b) { seen.take(b, published); });
        if (state == crowd::client::state::complete) ended_well = true;
        if (state != crowd::client::state::open) return leave(false);
        if (!to_the_end && size >= budget_) return leave(true);
        budget_ -= std::min(size, budget_ - 1);
        return true;
    }

    ledger seen;
    crowd::client stream;
    steady::time_point back_at{};
    bool ended_well = false;

private:
    bool leave(bool by_itself) {
        const auto way = below(random_, 10);
        if (way < 5)
            stream.close();
        else
            stream.reset();
        const auto pause = !by_itself || way != 0 ? below(random_, 5) : 50 + below(random_, 400);
        back_at = steady::now() + std::chrono::milliseconds{pause};
        return false;
    }

    engine random_;
    std::size_t budget_ = 0;
};

/// Publishes its share, in bursts, with pauses between them: longer ones where the machine is so slow that
/// subscribers have come back less often than they are to until then.
void publish_all(rill::topic& topic, std::size_t who, std::uint32_t seed,
                 const std::atomic<std::size_t>& connections) {
    engine random{seed};
    for (std::uint64_t n = 1; n <= events / publishers;) {
        for (auto burst = 1 + below(random, 60); burst > 0 && n <= events / publishers; --burst, ++n)
            topic.publish(
                {.data = fmt::format("p{}:{} {:.{}}", who, n, "some more data", below(random, 14))});
        const bool hasty = connections < subscribers * (1 + 2 * n * publishers / events);
        if (hasty || below(random, 4) != 0)
            std::this_thread::sleep_for(
                std::chrono::microseconds{(hasty ? 12'000 : 0) + below(random, 24'000)});
    }
}

void run(rill::lag_policy policy) {
    const auto* const given = std::getenv("TEST_SEED");
    const auto seed = given ? static_cast<std::uint32_t>(std::atoi(given)) : std::random_device{}();
    MESSAGE("TEST_SEED=" << seed);
    engine random{seed};

    rill::topic topic{{.keep_events = kept, .policy = policy}};
    rill::router routes;
    routes.get("/", [&](rill::request& request) {
        return topic.subscribe(request, {.start = rill::start::earliest});
    });
    serving::server server{routes, {.threads = 2}};
    const auto port = static_cast<std::uint16_t>(crowd::number_behind(server.url(), "127.0.0.1:"));

    crowd::watcher watcher;
    std::vector<subscriber> all;
    const auto open = [&](std::size_t n) {
        all[n].open(port);
        all[n].ended_well = false;
        watcher.add(all[n].stream, n);
    };
    for (std::size_t n = 0; n < subscribers; ++n) {
        all.emplace_back(random());
        open(n);
    }
    REQUIRE(serving::eventually([&] { return topic.statistics().subscribers == subscribers; }));

    std::atomic<std::size_t> publishing{publishers}, connections{subscribers};
    std::vector<std::jthread> threads;
    for (std::size_t who = 0; who < publishers; ++who)
        threads.emplace_back([&topic, &publishing, &connections, who, own = random()] {
            publish_all(topic, who, own, connections);
            if (--publishing == 0) topic.close();
        });

    std::size_t done = 0;
    const auto deadline = steady::now() + 100s;
    while (done < subscribers && steady::now() < deadline) {
        for (std::size_t n = 0; n < subscribers; ++n) {
            if (all[n].stream.is_open() || all[n].back_at > steady::now()) continue;
            open(n);
            ++connections;
        }
        for (const auto n : watcher.ready(1ms)) {
            auto& one = all[n];
            const auto over = publishing == 0;
            if (one.read(topic.statistics().published, over)) continue;
            if (!one.ended_well || one.seen.last() != events) continue;
            one.back_at = steady::time_point::max();
            ++done;
        }
    }
    REQUIRE(done == subscribers);
    std::size_t gaps = 0, whole = 0;
    for (const auto& one : all) {
        CHECK(one.seen.came + one.seen.missed == events);
        gaps += one.seen.gaps;
        whole += one.seen.gaps == 0 ? 1 : 0;
    }
    MESSAGE(connections.load() << " connections, " << gaps << " gaps, " << whole
                               << " subscribers without one");
    CHECK(connections > subscribers * 2);
    CHECK(gaps > 0); // else the test has missed a part of what it is for
    CHECK(serving::eventually([&] { return topic.statistics().subscribers == 0; }));
    CHECK(topic.statistics().published == events);
    CHECK(topic.statistics().delivered + topic.statistics().dropped >= subscribers * events);
}

} // namespace

TEST_CASE(
    "two hundred subscribers that drop and come back miss nothing of eight publishers but what is told") {
    run(rill::lag_policy::disconnect);
}

TEST_CASE("nor do they where slow ones skip") {
    run(rill::lag_policy::skip);
}
