#include <rill/base/detail/list.hpp>
#include <rill/coro/detail/signal.hpp>
#include <rill/coro/detail/suspension.hpp>

#include <asio/execution_context.hpp>

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
    list<waiter> all_;
};

asio::execution_context::id signal::waits::id;

class signal::waiter final : public suspension, public list_hook<waiter> {
public:
    explicit waiter(signal& what) noexcept : what_{what} {}
    ~waiter() override { leave(); }

    void finish(asio::error_code result) {
        leave();
        suspension::finish(std::move(what_.waiter_), result);
    }

    /// Leaves its signal, and destroys itself and with it the coroutine. The list has let it go.
    void abandon() noexcept {
        const auto self = std::move(what_.waiter_);
        what_.give_up();
    }

private:
    void begin(std::unique_ptr<suspension>& self) override {
        auto& home = asio::use_service<waits>(context());
        home.enlist(*this);
        home_ = &home;
        what_.waiter_.reset(static_cast<waiter*>(self.release()));
    }

    void cancel() override {
        auto& what = what_;
        finish(asio::error::operation_aborted);
        what.give_up();
    }

    void leave() noexcept {
        if (auto* const home = std::exchange(home_, nullptr)) home->delist(*this);
    }

    friend waits;
    signal& what_;
    waits* home_ = nullptr; ///< null while it is not in its list
};

void signal::waits::enlist(waiter& w) {
    const std::lock_guard lock{mutex_};
    all_.push_back(w);
}

void signal::waits::delist(waiter& w) noexcept {
    const std::lock_guard lock{mutex_};
    list<waiter>::remove(w);
}

signal::waiter* signal::waits::take_one() noexcept {
    const std::lock_guard lock{mutex_};
    if (all_.empty()) return nullptr;
    auto& w = all_.pop_front();
    w.home_ = nullptr;
    return &w;
}

void signal::waits::shutdown() noexcept {
    while (auto* const w = take_one()) w->abandon();
}

signal::signal() noexcept = default;
signal::signal(owner& whom) noexcept : owner_{&whom} {}
signal::~signal() = default;

void signal::give_up() noexcept {
    if (owner_) owner_->on_given_up();
}

task<void> signal::wait() {
    return suspension::of(std::make_unique<waiter>(*this));
}

void signal::notify() noexcept {
    if (waiter_) waiter_->finish({});
}

void signal::prepare(asio::execution_context& context) {
    asio::use_service<waits>(context);
}

} // namespace rill::detail
