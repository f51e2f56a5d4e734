#include <rill/base/detail/timer_wheel.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace {

struct probe final : rill::detail::timer_wheel::timer {
    explicit probe(std::function<void(probe&)> then = {}) : then_{std::move(then)} {}
    void on_timer() noexcept override {
        ++fired;
        if (then_) then_(*this);
    }
    int fired = 0;

private:
    std::function<void(probe&)> then_;
};

/// Advances in the steps that the wheel itself asks for, as its owner does.
void run_to(rill::detail::timer_wheel& wheel, rill::detail::timer_wheel::tick end) {
    while (const auto next = wheel.next()) {
        if (*next > end) break;
        wheel.advance(*next);
    }
    wheel.advance(end);
}

} // namespace

TEST_CASE("a timer fires at its tick, once, and not before") {
    for (const rill::detail::timer_wheel::tick start : {0ULL, 1ULL, 63ULL, 64ULL, 4095ULL, 123'456'789ULL}) {
        for (const rill::detail::timer_wheel::tick delay :
             {0ULL, 1ULL, 62ULL, 63ULL, 64ULL, 65ULL, 4095ULL, 4096ULL, 4097ULL, 262'144ULL, 20'000'000ULL,
              1ULL << 35, 1ULL << 40}) {
            CAPTURE(start);
            CAPTURE(delay);
            rill::detail::timer_wheel wheel;
            wheel.advance(start);
            probe timer;
            wheel.arm(timer, start + delay);
            CHECK(timer.armed());
            CHECK(timer.expiry() == start + delay);
            if (delay > 0) {
                run_to(wheel, start + delay - 1);
                CHECK(timer.fired == 0);
            }
            run_to(wheel, start + delay);
            CHECK(timer.fired == 1);
            CHECK_FALSE(timer.armed());
            CHECK_FALSE(wheel.next());
            run_to(wheel, start + 2 * delay + 100);
            CHECK(timer.fired == 1);
        }
    }
}

TEST_CASE("one long advance fires everything, in the order of the ticks") {
    std::mt19937_64 random{7};
    rill::detail::timer_wheel wheel;
    std::vector<rill::detail::timer_wheel::tick> order;
    std::vector<std::unique_ptr<probe>> timers;
    for (int i = 0; i < 2000; ++i) {
        timers.push_back(std::make_unique<probe>([&order](probe& p) { order.push_back(p.expiry()); }));
        wheel.arm(*timers.back(), random() % (1ULL << (random() % 30)));
    }
    wheel.advance(1ULL << 31);
    CHECK(order.size() == timers.size());
    CHECK(std::ranges::is_sorted(order));
}

TEST_CASE("timers that are armed, moved and disarmed at random fire exactly when they should") {
    std::mt19937_64 random{11};
    rill::detail::timer_wheel wheel;
    rill::detail::timer_wheel::tick now = 0;
    std::vector<std::unique_ptr<probe>> timers;
    for (int i = 0; i < 100; ++i)
        timers.push_back(std::make_unique<probe>([&now](probe& p) { CHECK(p.expiry() <= now); }));
    for (int step = 0; step < 20'000; ++step) {
        auto& timer = *timers[random() % timers.size()];
        switch (random() % 3) {
        case 0: wheel.arm(timer, now + random() % (1ULL << (random() % 20))); break;
        case 1: timer.disarm(); break;
        default:
            now += random() % (1ULL << (random() % 12));
            wheel.advance(now);
            for (const auto& t : timers)
                if (t->armed()) CHECK(t->expiry() > now);
        }
    }
}

TEST_CASE("a callback may arm itself again, disarm others and destroy itself") {
    rill::detail::timer_wheel wheel;
    probe other;
    std::unique_ptr<probe> dying = std::make_unique<probe>([&dying](probe&) { dying.reset(); });
    probe again{[&](probe& p) {
        other.disarm();
        if (p.fired < 3) wheel.arm(p, p.expiry() + 10);
    }};
    wheel.arm(again, 5);
    wheel.arm(other, 5);
    wheel.arm(*dying, 5);
    wheel.advance(5);
    CHECK(again.fired == 1);
    CHECK(other.fired == 0);
    CHECK(dying == nullptr);
    wheel.advance(100);
    CHECK(again.fired == 3);
}

TEST_CASE("a timer that dies leaves the wheel, and a wheel that dies disarms its timers") {
    probe survivor;
    {
        rill::detail::timer_wheel wheel;
        {
            probe gone;
            wheel.arm(gone, 3);
        }
        CHECK_FALSE(wheel.next());
        wheel.arm(survivor, 3);
    }
    CHECK_FALSE(survivor.armed());
}
