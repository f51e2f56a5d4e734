#include <rill/client/detail/deadline.hpp>

#include <asio/steady_timer.hpp>

namespace rill::detail {

struct deadline::timer {
    explicit timer(const asio::any_io_executor& executor) : asio_timer{executor} {}

    asio::steady_timer asio_timer;
    deadline* owner = nullptr;               ///< null once that has gone
    time_point wound_to = time_point::max(); ///< when it fires; `max` while it does not
};

deadline::deadline(const asio::any_io_executor& executor, waiter& whom, interrupt* by)
    : whom_{whom}, by_{by}, timer_{std::make_shared<timer>(executor)} {
    timer_->owner = this;
    if (by_) by_->watch(this);
    if (by_ && by_->fired()) passed_ = client_errc::interrupted;
}

deadline::~deadline() {
    if (by_) by_->watch(nullptr);
    timer_->owner = nullptr;
    timer_->asio_timer.cancel();
}

void deadline::expect(std::chrono::milliseconds time, client_errc why) {
    why_ = why;
    // The largest times mean "for ever", too, and the clock has no room for them.
    const bool bounded = time > time.zero() && time < std::chrono::years{10};
    expiry_ = bounded ? clock::now() + time : time_point::max();
    if (expiry_ < timer_->wound_to) wind(timer_);
}

void deadline::rest() noexcept {
    expiry_ = time_point::max();
}

void deadline::stop() noexcept {
    rest();
    timer_->wound_to = time_point::max();
    timer_->asio_timer.cancel();
}

void deadline::wind(const std::shared_ptr<timer>& t) {
    t->wound_to = t->owner->expiry_;
    t->asio_timer.expires_at(t->wound_to); // cancels the wait for a later time
    t->asio_timer.async_wait([t](asio::error_code cancelled) {
        if (cancelled || !t->owner) return;
        t->wound_to = time_point::max();
        auto& owner = *t->owner;
        if (owner.expiry_ <= clock::now())
            owner.cancel(owner.why_);
        else if (owner.expiry_ != time_point::max())
            wind(t);
    });
}

void deadline::on_interrupt() noexcept {
    cancel(client_errc::interrupted);
}

void deadline::cancel(client_errc why) noexcept {
    expiry_ = time_point::max();
    passed_ = why;
    whom_.cancel_wait();
}

} // namespace rill::detail
