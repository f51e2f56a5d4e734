#include <rill/coro/detail/signal.hpp>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <utility>

namespace rill::detail {

class signal::waiter {
public:
    virtual ~waiter() = default;
    virtual void wake(asio::error_code result) = 0;
};

template <typename Handler>
class signal::waiter_of final : public waiter {
public:
    waiter_of(signal& owner, Handler handler) : handler_{std::move(handler)} {
        if (auto slot = asio::get_associated_cancellation_slot(handler_); slot.is_connected())
            slot.assign([&owner](asio::cancellation_type type) {
                if (type == asio::cancellation_type::none) return;
                const auto self = std::move(owner.waiter_);
                self->wake(asio::error::operation_aborted);
            });
    }

    void wake(asio::error_code result) override {
        if (auto slot = asio::get_associated_cancellation_slot(handler_); slot.is_connected()) slot.clear();
        const auto executor = asio::get_associated_executor(handler_);
        asio::post(executor,
                   [handler = std::move(handler_), result]() mutable { std::move(handler)(result); });
    }

private:
    Handler handler_;
};

signal::signal() noexcept = default;
signal::~signal() = default;

task<void> signal::wait() {
    const auto start = [this](auto handler) {
        waiter_ = std::make_unique<waiter_of<decltype(handler)>>(*this, std::move(handler));
    };
    return asio::async_initiate<const asio::use_awaitable_t<>, void(asio::error_code)>(start,
                                                                                       asio::use_awaitable);
}

void signal::notify() noexcept {
    if (const auto waiter = std::exchange(waiter_, nullptr)) waiter->wake({});
}

} // namespace rill::detail
