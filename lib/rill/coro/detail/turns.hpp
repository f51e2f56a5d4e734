#pragma once

#include <rill/coro/detail/timers.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstdint>

namespace rill::detail {

/// The turns of an event loop in which the coroutines of handlers go on. Each is measured, so that a handler
/// that blocks its thread is found, whatever it has awaited. Everything is for the loop's own thread.
class turns {
public:
    /// How long a handler may keep its thread to itself.
    static constexpr std::chrono::milliseconds longest{100};

    class observer {
    public:
        /// The turn of this handler, which ends now, has taken more than `longest`.
        virtual void on_long_turn(std::uint64_t handler) noexcept = 0;

    protected:
        ~observer() = default;
    };

    /// All three must outlive it.
    turns(asio::io_context& context, timers& clock, observer& whom) noexcept
        : context_{context}, clock_{clock}, observer_{whom} {}

    [[nodiscard]] asio::io_context& context() const noexcept { return context_; }

    /// When the turn that runs has begun.
    [[nodiscard]] time_point began() const noexcept { return began_; }

    /// Runs a turn of the handler that has this number. Turns may be nested.
    template <typename Function>
    void run(std::uint64_t handler, Function&& function) {
        const turn measured{*this, handler};
        std::forward<Function>(function)();
    }

private:
    class turn {
    public:
        turn(turns& all, std::uint64_t handler) noexcept : all_{all}, handler_{handler}, before_{all.began_} {
            all.began_ = all.clock_.recently();
        }
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn() {
            if (all_.clock_.recently() - all_.began_ > longest) [[unlikely]]
                all_.observer_.on_long_turn(handler_);
            all_.began_ = before_;
        }

    private:
        turns& all_;
        const std::uint64_t handler_;
        const time_point before_;
    };

    asio::io_context& context_;
    timers& clock_;
    observer& observer_;
    time_point began_{};
};

} // namespace rill::detail
