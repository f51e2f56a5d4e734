#include <rill/coro/detail/suspension.hpp>
#include <rill/coro/detail/timers.hpp>
#include <rill/coro/sleep.hpp>

#include <asio/steady_timer.hpp>

#include <memory>
#include <utility>

namespace rill {
namespace {

using detail::suspension;
using detail::timers;

/// A wait for the wheel of its context. The coroutine goes on behind it: user code never runs inside the
/// wheel.
class sleep final : public suspension, timers::operation {
public:
    explicit sleep(duration time) noexcept : time_{time} {}

private:
    void begin(std::unique_ptr<suspension>& self) override {
        if (time_ <= duration::zero()) return finish(std::move(self), {});
        if (!asio::has_service<timers>(context())) return begin_elsewhere(self);
        asio::use_service<timers>(context()).start(*this, time_);
        [[maybe_unused]] const auto* const kept = self.release(); // the timers have it
    }

    /// In a context that is not Rill's.
    void begin_elsewhere(std::unique_ptr<suspension>& self) {
        elsewhere_ = std::make_unique<asio::steady_timer>(executor(), time_);
        elsewhere_->async_wait(
            [self = std::move(self)](asio::error_code result) mutable { finish(std::move(self), result); });
    }

    void cancel() override {
        if (elsewhere_)
            elsewhere_->cancel();
        else
            done(asio::error::operation_aborted);
    }
    void on_timer() noexcept override { done({}); }

    void done(asio::error_code result) {
        leave();
        finish(std::unique_ptr<suspension>{this}, result);
    }

    duration time_;
    std::unique_ptr<asio::steady_timer> elsewhere_;
};

} // namespace

sleep_task sleep_for(duration time) {
    return {suspension::of(std::make_unique<sleep>(time)), time};
}

} // namespace rill
