#pragma once

#include <utility>

namespace rill::detail {

/// Ends what is under way for an `event_source`: an attempt to connect, a read, a wait. All of it happens on
/// one executor.
class interrupt {
public:
    /// What can be ended.
    class target {
    public:
        /// Have it end soon, with `client_errc::interrupted`. Nothing is told after this.
        virtual void on_interrupt() noexcept = 0;

    protected:
        ~target() = default;
    };

    interrupt() = default;
    interrupt(const interrupt&) = delete;
    interrupt& operator=(const interrupt&) = delete;

    /// Ends what is under way, or what begins next.
    void fire() noexcept {
        fired_ = true;
        if (auto* const who = std::exchange(watched_, nullptr)) who->on_interrupt();
    }
    [[nodiscard]] bool fired() const noexcept { return fired_; }
    /// Gets ready for the next attempt.
    void reset() noexcept { fired_ = false; }

    /// `who` is under way, and must not go before it says otherwise; null: nothing is.
    void watch(target* who) noexcept { watched_ = who; }

private:
    target* watched_ = nullptr;
    bool fired_ = false;
};

} // namespace rill::detail
