#pragma once

#include <rill/base/detail/list.hpp>

#include <array>
#include <cstdint>
#include <optional>

namespace rill::detail {

/// Very many timers, each of them cheap: arming and disarming take constant time and no memory.
///
/// A hierarchical wheel: six levels of 64 slots, a slot of level n lasts 64^n ticks, and a timer moves down a
/// level when its slot comes round. One bit per slot says whether it holds anything, so finding the next one
/// due looks at six words. The wheel knows no clock: a tick is what its owner takes it for (here, 1 ms).
///
///     level 0   |0|1|2| ... |63|      the next 64 ticks, a slot each
///     level 1   | 0 | 1 | ... |63|    the next 64 x 64, 64 ticks a slot: emptied into level 0
///     ...
///
/// One thread at a time may use a wheel and its timers.
class timer_wheel {
public:
    using tick = std::uint64_t;

    /// What is armed. It lives with its owner, and disarms itself when it dies.
    class timer : list_hook<timer> {
    public:
        timer() = default;
        timer(const timer&) = delete;
        timer& operator=(const timer&) = delete;

        [[nodiscard]] bool armed() const noexcept { return list<timer>::is_listed(*this); }

        /// When it is due; meaningful while it is armed.
        [[nodiscard]] tick expiry() const noexcept { return expiry_; }

        /// Takes it out of its wheel; does nothing if it is in none.
        void disarm() noexcept;

    protected:
        ~timer() { disarm(); }

    private:
        friend timer_wheel;
        friend list<timer>;
        /// It is due, and no longer armed. May arm and disarm any timer, destroy itself, and must not throw.
        virtual void on_timer() noexcept = 0;

        timer_wheel* wheel_ = nullptr;
        tick expiry_ = 0;
        std::uint8_t level_ = 0;
        std::uint8_t slot_ = 0;
    };

    timer_wheel() noexcept = default;
    timer_wheel(const timer_wheel&) = delete;
    timer_wheel& operator=(const timer_wheel&) = delete;
    /// Disarms what is still armed.
    ~timer_wheel() = default;

    /// Has `t` called back by the first `advance` that reaches `when`; a time that has passed counts as now.
    /// If `t` is armed already, it moves. `t` must stay where it is until it fired or was disarmed.
    void arm(timer& t, tick when) noexcept;

    /// A tick at or before the earliest expiry, at which the wheel wants to be advanced; nothing if it is
    /// empty.
    [[nodiscard]] std::optional<tick> next() const noexcept;

    /// Calls back all that is due up to and including `now`, in the order of their ticks.
    void advance(tick now) noexcept;

private:
    static constexpr unsigned bits = 6, slots = 1U << bits, levels = 6;
    struct position {
        unsigned level, slot;
        tick due;
    };

    void insert(timer& t) noexcept;
    [[nodiscard]] std::optional<position> earliest() const noexcept;

    std::array<std::array<list<timer>, slots>, levels> lists_;
    std::array<std::uint64_t, levels> occupied_{};
    tick elapsed_ = 0;
};

} // namespace rill::detail
