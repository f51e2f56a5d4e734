#include <rill/coro/detail/timers.hpp>
#include <rill/coro/sleep.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/bind_executor.hpp>
#include <asio/execution/context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <memory>
#include <utility>

namespace rill {
namespace {

/// A sleep on the wheel of its context. The handler is posted, not called, when the time has come: user code
/// never runs inside the wheel.
template <typename Handler>
class sleep_operation final : public detail::timers::operation {
public:
    sleep_operation(detail::timers& owner, Handler handler) : operation{owner}, handler_{std::move(handler)} {
        if (auto slot = asio::get_associated_cancellation_slot(handler_); slot.is_connected())
            slot.assign([this](asio::cancellation_type type) {
                if (type != asio::cancellation_type::none) finish(asio::error::operation_aborted);
            });
    }

private:
    void on_timer() noexcept override { finish({}); }

    void finish(asio::error_code result) {
        if (auto slot = asio::get_associated_cancellation_slot(handler_); slot.is_connected()) slot.clear();
        auto handler = std::move(handler_);
        delete this;
        const auto executor = asio::get_associated_executor(handler);
        asio::post(executor,
                   [handler = std::move(handler), result]() mutable { std::move(handler)(result); });
    }

    Handler handler_;
};

/// A sleep in a context that is not Rill's.
template <typename Handler>
void sleep_elsewhere(const asio::any_io_executor& executor, Handler handler, duration time) {
    auto timer = std::make_unique<asio::steady_timer>(executor, time);
    auto& waiting = *timer;
    const auto slot = asio::get_associated_cancellation_slot(handler);
    auto done = [timer = std::move(timer), handler = std::move(handler)](asio::error_code result) mutable {
        timer.reset();
        std::move(handler)(result);
    };
    waiting.async_wait(asio::bind_cancellation_slot(slot, asio::bind_executor(executor, std::move(done))));
}

} // namespace

sleep_task sleep_for(duration time) {
    const auto start = [](auto handler, duration wanted) {
        const asio::any_io_executor executor = asio::get_associated_executor(handler);
        auto& context = asio::query(executor, asio::execution::context);
        if (wanted <= duration::zero())
            asio::post(executor,
                       [handler = std::move(handler)]() mutable { std::move(handler)(asio::error_code{}); });
        else if (!asio::has_service<detail::timers>(context))
            sleep_elsewhere(executor, std::move(handler), wanted);
        else {
            auto& timers = asio::use_service<detail::timers>(context);
            timers.arm_after(*new sleep_operation{timers, std::move(handler)}, wanted);
        }
    };
    return {asio::async_initiate<const asio::use_awaitable_t<>, void(asio::error_code)>(
                start, asio::use_awaitable, time),
            time};
}

} // namespace rill
