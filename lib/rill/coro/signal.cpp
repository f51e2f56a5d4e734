#include <rill/coro/detail/signal.hpp>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <mutex>
#include <utility>

namespace rill::detail {

/// The waiters of one execution context: what waits when it is destroyed is destroyed with it, as operations
/// of Asio are. Strands of the context may run on different threads, hence the mutex.
class signal::waits final : public asio::execution_context::service {
public:
    using key_type = waits;
    static asio::execution_context::id id;
    explicit waits(asio::execution_context& context) : service{context} {}

    void enlist(waiter& w);
    void delist(waiter& w) noexcept;

private:
    void shutdown() noexcept override;
    [[nodiscard]] waiter* take_one() noexcept;

    std::mutex mutex_;
    waiter* first_ = nullptr;
};

asio::execution_context::id signal::waits::id;

class signal::waiter {
public:
    explicit waiter(asio::execution_context& home) : home_{&asio::use_service<waits>(home)} {
        home_->enlist(*this);
    }
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    virtual ~waiter() {
        if (home_) home_->delist(*this);
    }
    virtual void wake(asio::error_code result) = 0;
    /// Leaves its signal, and destroys itself and the handler.
    virtual void abandon() noexcept = 0;

private:
    friend waits;
    waits* home_; ///< null once that is going
    waiter* previous_ = nullptr;
    waiter* next_ = nullptr;
};

void signal::waits::enlist(waiter& w) {
    const std::lock_guard lock{mutex_};
    w.next_ = first_;
    if (first_) first_->previous_ = &w;
    first_ = &w;
}

void signal::waits::delist(waiter& w) noexcept {
    const std::lock_guard lock{mutex_};
    (w.previous_ ? w.previous_->next_ : first_) = w.next_;
    if (w.next_) w.next_->previous_ = w.previous_;
}

signal::waiter* signal::waits::take_one() noexcept {
    const std::lock_guard lock{mutex_};
    auto* const w = first_;
    if (!w) return nullptr;
    first_ = w->next_;
    if (first_) first_->previous_ = nullptr;
    w->home_ = nullptr;
    return w;
}

void signal::waits::shutdown() noexcept {
    while (auto* const w = take_one()) w->abandon();
}

template <typename Handler>
class signal::waiter_of final : public waiter {
public:
    waiter_of(signal& what, Handler handler)
        : waiter{asio::query(asio::get_associated_executor(handler), asio::execution::context)},
          what_{what},
          handler_{std::move(handler)} {
        if (auto slot = asio::get_associated_cancellation_slot(handler_); slot.is_connected())
            slot.assign([&what](asio::cancellation_type type) {
                if (type == asio::cancellation_type::none) return;
                const auto self = std::move(what.waiter_);
                what.give_up();
                self->wake(asio::error::operation_aborted);
            });
    }

    void wake(asio::error_code result) override {
        if (auto slot = asio::get_associated_cancellation_slot(handler_); slot.is_connected()) slot.clear();
        const auto executor = asio::get_associated_executor(handler_);
        asio::post(executor,
                   [handler = std::move(handler_), result]() mutable { std::move(handler)(result); });
    }

    void abandon() noexcept override {
        const auto self = std::move(what_.waiter_);
        what_.give_up();
    }

private:
    signal& what_;
    Handler handler_;
};

signal::signal() noexcept = default;
signal::signal(owner& whom) noexcept : owner_{&whom} {}
signal::~signal() = default;

void signal::give_up() noexcept {
    if (owner_) owner_->on_given_up();
}

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
