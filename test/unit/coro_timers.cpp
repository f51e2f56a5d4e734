#include <rill/coro/detail/timers.hpp>

#include "coro_driving.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <vector>

using namespace std::chrono_literals;
using rill::detail::timers;

namespace {

class probe final : public rill::detail::timer_wheel::timer {
public:
    explicit probe(std::function<void(probe&)> then = {}) : then_{std::move(then)} {}
    int fired = 0;

private:
    void on_timer() noexcept override {
        ++fired;
        if (then_) then_(*this);
    }
    std::function<void(probe&)> then_;
};

class operation final : public timers::operation {
public:
    explicit operation(int& deaths) : deaths_{deaths} {}
    ~operation() override { ++deaths_; }

private:
    void on_timer() noexcept override { delete this; }
    int& deaths_;
};

struct manual {
    asio::io_context context{1};
    timers& clock = asio::make_service<timers>(context, timers::clock_kind::manual);
};

} // namespace

TEST_CASE("a manual clock stands still until it is moved") {
    manual m;
    const auto start = m.clock.now();
    m.context.poll();
    CHECK(m.clock.now() == start);
    pass(m.clock, 90min);
    CHECK(m.clock.now() == start + 90min);
    pass(m.clock, 0s);
    CHECK(m.clock.now() == start + 90min);
}

TEST_CASE("a timer is called at its time, not a millisecond before") {
    manual m;
    probe p;
    m.clock.arm_after(p, 15s);
    pass(m.clock, 14'999ms);
    CHECK(p.fired == 0);
    pass(m.clock, 1ms);
    CHECK(p.fired == 1);
    CHECK_FALSE(p.armed());
}

TEST_CASE("parts of a millisecond are rounded up") {
    manual m;
    probe p;
    m.clock.arm_after(p, 1500us);
    pass(m.clock, 1500us);
    CHECK(p.fired == 0);
    pass(m.clock, 500us);
    CHECK(p.fired == 1);
}

TEST_CASE("a time that has passed is due at once") {
    manual m;
    pass(m.clock, 1h);
    probe now, before, long_ago;
    m.clock.arm_after(now, 0s);
    m.clock.arm_after(before, -1s);
    m.clock.arm_after(long_ago, rill::duration::min());
    pass(m.clock, 0s);
    CHECK(now.fired == 1);
    CHECK(before.fired == 1);
    CHECK(long_ago.fired == 1);
}

TEST_CASE("the longest time there is never comes, and does not come at once either") {
    manual m;
    pass(m.clock, 1h);
    probe p;
    m.clock.arm_after(p, rill::duration::max());
    pass(m.clock, 24h * 365);
    CHECK(p.fired == 0);
    CHECK(p.armed());
}

TEST_CASE("timers see their own time, in order, however far the clock moves at once") {
    manual m;
    const auto start = m.clock.now();
    std::vector<rill::duration> seen;
    const auto note = [&](probe&) { seen.push_back(m.clock.now() - start); };
    probe late{note}, early{note}, middle{note};
    m.clock.arm_after(late, 2h);
    m.clock.arm_after(early, 1s);
    m.clock.arm_after(middle, 90s);
    pass(m.clock, 24h);
    CHECK(seen == std::vector<rill::duration>{1s, 90s, 2h});
}

TEST_CASE("a timer that arms itself again fires in each of its times") {
    manual m;
    probe p{[&](probe& self) { m.clock.arm_after(self, 1s); }};
    m.clock.arm_after(p, 1s);
    pass(m.clock, 1h);
    CHECK(p.fired == 3600);
}

TEST_CASE("a timer that is armed again moves") {
    manual m;
    probe p;
    m.clock.arm_after(p, 10s);
    m.clock.arm_after(p, 20s);
    pass(m.clock, 19s);
    CHECK(p.fired == 0);
    m.clock.arm_after(p, 0s);
    pass(m.clock, 0s);
    CHECK(p.fired == 1);
    pass(m.clock, 1h);
    CHECK(p.fired == 1);
}

TEST_CASE("operations that wait when their context goes are destroyed, those that are done are not destroyed "
          "again") {
    int deaths = 0;
    {
        manual m;
        m.clock.start(*new operation{deaths}, 1s);
        m.clock.start(*new operation{deaths}, 2s);
        m.clock.start(*new operation{deaths}, 1h);
        pass(m.clock, 2s);
        CHECK(deaths == 2);
    }
    CHECK(deaths == 3);
}

TEST_CASE("with the system's clock the event loop calls timers, in order, also one armed later for an "
          "earlier time") {
    asio::io_context context{1};
    auto& clock = asio::make_service<timers>(context);
    std::vector<int> order;
    probe slow{[&](probe&) { order.push_back(3); }}, fast{[&](probe&) { order.push_back(1); }},
        middle{[&](probe&) { order.push_back(2); }};
    const auto start = clock.now();
    clock.arm_after(slow, 12ms);
    clock.arm_after(fast, 2ms);
    clock.arm_after(middle, 7ms);
    context.run();
    CHECK(order == std::vector{1, 2, 3});
    CHECK(clock.now() - start >= 12ms);
}

TEST_CASE("with the system's clock a context without timers has nothing to run") {
    asio::io_context context{1};
    auto& clock = asio::make_service<timers>(context);
    CHECK(context.run() == 0);
    probe p;
    clock.arm_after(p, 1ms);
    context.restart();
    context.run();
    CHECK(p.fired == 1);
}
