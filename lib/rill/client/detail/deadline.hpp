#pragma once

#include <rill/base/clock.hpp>
#include <rill/client/detail/interrupt.hpp>
#include <rill/client/error.hpp>

#include <asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <optional>

namespace rill::detail {

/// Bounds one wait after the other of a request: when the time for one is over, or somebody interrupts it, it
/// is cancelled, and `passed` says why.
///
/// A wait costs a look at the clock: the timer is not moved with each of them, but looks when it fires
/// whether its time has come. It lives in a block of its own, since a timer of Asio that has fired cannot be
/// called back.
class deadline final : interrupt::target {
public:
    /// What waits.
    class waiter {
    public:
        /// Have the wait under way end at once. Called from the event loop, or from `interrupt::fire`.
        virtual void cancel_wait() noexcept = 0;

    protected:
        ~waiter() = default;
    };

    /// `whom` must outlive it, and so must `by`, which may be null. Both live on `executor`.
    deadline(const asio::any_io_executor& executor, waiter& whom, interrupt* by);
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;
    ~deadline();

    /// A wait begins, which may take `time`, or for ever if that is zero; after that it has failed with
    /// `why`.
    void expect(std::chrono::milliseconds time, client_errc why);
    /// Nothing is waited for any more, for now.
    void rest() noexcept;
    /// Nor ever again: an event loop that has nothing else to do may end.
    void stop() noexcept;

    /// Why the wait was cancelled, if it was.
    [[nodiscard]] std::optional<client_errc> passed() const noexcept { return passed_; }
    /// It has not: for who has something else to try.
    void forgive() noexcept { passed_.reset(); }

private:
    struct timer;

    void on_interrupt() noexcept override;
    void cancel(client_errc why) noexcept;
    static void wind(const std::shared_ptr<timer>& t);

    waiter& whom_;
    interrupt* by_;
    std::shared_ptr<timer> timer_;
    time_point expiry_ = time_point::max();
    client_errc why_{};
    std::optional<client_errc> passed_;
};

} // namespace rill::detail
