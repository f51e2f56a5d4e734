#pragma once

#include <rill/base/clock.hpp>
#include <rill/base/detail/list.hpp>
#include <rill/base/detail/timer_wheel.hpp>

#include <asio/basic_waitable_timer.hpp>
#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>

#include <algorithm>
#include <chrono>

namespace rill::detail {

/// The timers of one `io_context`: a wheel of milliseconds, and one Asio timer that turns it.
///
/// It is a service of the context, so that `sleep_for` finds it wherever it is awaited. The thread that runs
/// the context owns it. With a manual clock nothing turns the wheel but `advance`.
class timers final : public asio::execution_context::service {
public:
    using key_type = timers;
    static asio::execution_context::id id;
    enum class clock_kind { system, manual };

    /// Made by `asio::make_service<timers>(context, kind)`, once for each context.
    explicit timers(asio::execution_context& context, clock_kind kind = clock_kind::system);

    [[nodiscard]] time_point now() const noexcept;

    /// The same for who asks often, and does not mind that it may be 10 milliseconds ago.
    [[nodiscard]] time_point recently() const noexcept;

    /// What either of them said last.
    [[nodiscard]] time_point noted() const noexcept { return noted_; }

    /// Has `t` called back at `when` or up to a millisecond later.
    void arm(timer_wheel::timer& t, time_point when);
    /// The same in so much time; more than a century is cut to that, so that no sum overflows.
    void arm_after(timer_wheel::timer& t, duration time) { arm(t, now() + std::min(time, century)); }

    /// Whether `t`, which is armed, would be called back after `when`.
    [[nodiscard]] bool fires_after(const timer_wheel::timer& t, time_point when) const noexcept {
        return t.expiry() > tick_at(when);
    }

    /// For a manual clock: lets time pass, in steps from one thing that is due to the next. `run` is called
    /// first, and behind each of them, to do what follows from it.
    template <typename Run>
    void advance(duration time, Run run) {
        const auto end = now() + time;
        run();
        while (due_by(end)) {
            step(end);
            run();
        }
        step(end);
        run();
    }

    /// Something that waits for its timer, and that the context deletes if that goes first.
    class operation : public timer_wheel::timer, list_hook<operation> {
    public:
        operation() noexcept = default;
        operation(const operation&) = delete;
        operation& operator=(const operation&) = delete;
        virtual ~operation() = default;

        /// It waits no longer, and belongs to whoever calls this.
        void leave() noexcept {
            disarm();
            list<operation>::remove(*this);
        }

    private:
        friend list<operation>;
    };

    /// Lets `what`, made by `new`, wait for so long. It belongs to the context until it leaves, which it has
    /// to do when its time has come.
    void start(operation& what, duration time);

private:
    void shutdown() noexcept override;
    [[nodiscard]] bool due_by(time_point limit) const noexcept;
    void step(time_point limit) noexcept;
    [[nodiscard]] timer_wheel::tick tick_at(time_point when) const noexcept;
    [[nodiscard]] timer_wheel::tick tick_of_now() const noexcept;
    void turn() noexcept;
    void wind();

    static constexpr duration century = std::chrono::years{100};

    using asio_timer =
        asio::basic_waitable_timer<clock, asio::wait_traits<clock>, asio::io_context::executor_type>;

    clock_kind kind_;
    time_point start_ = clock::now();
    time_point manual_now_ = start_;
    mutable time_point noted_ = start_;
    timer_wheel wheel_;
    asio_timer driver_;
    time_point driver_expiry_ =
        time_point::max(); ///< what the driver waits for; `max` while it waits for nothing
    bool turning_ = false;
    list<operation> operations_;
};

} // namespace rill::detail
