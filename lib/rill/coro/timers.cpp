#include <rill/coro/detail/timers.hpp>

#include <algorithm>
#include <ctime>
#include <utility>

namespace rill::detail {

using std::chrono::milliseconds;

asio::execution_context::id timers::id;

timers::timers(asio::execution_context& context, clock_kind kind)
    : service{context}, kind_{kind}, driver_{static_cast<asio::io_context&>(context)} {}

time_point timers::now() const noexcept {
    return noted_ = kind_ == clock_kind::manual ? manual_now_ : clock::now();
}

time_point timers::recently() const noexcept {
#ifdef CLOCK_MONOTONIC_COARSE // what the system noted at its last tick: nothing has to be measured
    timespec noted;
    if (kind_ == clock_kind::system && ::clock_gettime(CLOCK_MONOTONIC_COARSE, &noted) == 0)
        return noted_ =
                   time_point{std::chrono::seconds{noted.tv_sec} + std::chrono::nanoseconds{noted.tv_nsec}};
#endif
    return now();
}

timer_wheel::tick timers::tick_at(time_point when) const noexcept {
    return static_cast<timer_wheel::tick>(
        std::max<std::int64_t>(0, std::chrono::ceil<milliseconds>(when - start_).count()));
}

timer_wheel::tick timers::tick_of_now() const noexcept {
    return static_cast<timer_wheel::tick>(std::chrono::floor<milliseconds>(now() - start_).count());
}

void timers::arm(timer_wheel::timer& t, time_point when) {
    wheel_.arm(t, tick_at(when));
    if (!turning_) wind();
}

void timers::turn() noexcept {
    turning_ = true;
    wheel_.advance(tick_of_now());
    turning_ = false;
}

/// Sets the driver to the wheel's next tick, unless it will wake early enough as it is.
void timers::wind() {
    if (kind_ == clock_kind::manual) return;
    const auto next = wheel_.next();
    if (!next) return;
    const auto expiry = start_ + milliseconds{*next};
    if (expiry >= driver_expiry_) return;
    driver_expiry_ = expiry;
    driver_.expires_at(expiry); // cancels the wait for a later time
    driver_.async_wait([this](asio::error_code failure) {
        if (failure) return;
        driver_expiry_ = time_point::max();
        turn();
        wind();
    });
}

/// By a manual clock: whether something may be due at or before `limit`.
bool timers::due_by(time_point limit) const noexcept {
    const auto next = wheel_.next();
    return next && start_ + milliseconds{*next} <= limit;
}

/// Moves a manual clock to the next thing due, but not past `limit`, and runs what is due then.
void timers::step(time_point limit) noexcept {
    const auto next = wheel_.next();
    const auto due = next ? start_ + milliseconds{*next} : limit;
    manual_now_ = std::clamp(due, manual_now_, std::max(limit, manual_now_));
    turn();
}

void timers::start(operation& what, duration time) {
    arm_after(what, time);
    operations_.push_back(what);
}

void timers::shutdown() noexcept {
    while (!operations_.empty()) delete operations_.front();
}

} // namespace rill::detail
