#include <rill/base/detail/timer_wheel.hpp>

#include <algorithm>
#include <bit>

namespace rill::detail {

void timer_wheel::timer::disarm() noexcept {
    if (!armed()) return;
    list<timer>::remove(*this);
    if (wheel_->lists_[level_][slot_].empty()) wheel_->occupied_[level_] &= ~(std::uint64_t{1} << slot_);
}

void timer_wheel::arm(timer& t, tick when) noexcept {
    t.disarm();
    t.wheel_ = this;
    t.expiry_ = std::max(when, elapsed_);
    insert(t);
}

void timer_wheel::insert(timer& t) noexcept {
    // What lies beyond the last level waits in its farthest slot, and goes round again from there.
    constexpr tick reach = (tick{1} << (bits * levels)) - 1;
    const auto when = std::min(t.expiry_, elapsed_ + reach - (tick{1} << (bits * (levels - 1))));
    const auto differing = (elapsed_ ^ when) | (slots - 1);
    const auto level =
        std::min<unsigned>((63U - static_cast<unsigned>(std::countl_zero(differing))) / bits, levels - 1);
    const auto slot = static_cast<unsigned>(when >> (bits * level)) % slots;
    t.level_ = static_cast<std::uint8_t>(level);
    t.slot_ = static_cast<std::uint8_t>(slot);
    lists_[level][slot].push_back(t);
    occupied_[level] |= std::uint64_t{1} << slot;
}

std::optional<timer_wheel::position> timer_wheel::earliest() const noexcept {
    for (unsigned level = 0; level < levels; ++level) {
        if (occupied_[level] == 0) continue;
        const auto here = static_cast<unsigned>(elapsed_ >> (bits * level)) % slots;
        const auto ahead =
            static_cast<unsigned>(std::countr_zero(std::rotr(occupied_[level], static_cast<int>(here))));
        const auto round = tick{1} << (bits * (level + 1));
        const auto slot = (here + ahead) % slots;
        auto due = (elapsed_ & ~(round - 1)) + (tick{slot} << (bits * level));
        if (here + ahead >= slots) due += round;
        return position{level, slot, std::max(due, elapsed_)};
    }
    return std::nullopt;
}

std::optional<timer_wheel::tick> timer_wheel::next() const noexcept {
    const auto first = earliest();
    return first ? std::optional{first->due} : std::nullopt;
}

void timer_wheel::advance(tick now) noexcept {
    for (auto first = earliest(); first && first->due <= now; first = earliest()) {
        elapsed_ = first->due;
        auto& due = lists_[first->level][first->slot];
        while (!due.empty()) {
            auto& t = *due.front();
            t.disarm();
            if (t.expiry_ <= elapsed_)
                t.on_timer();
            else
                insert(t);
        }
    }
    elapsed_ = std::max(elapsed_, now);
}

} // namespace rill::detail
