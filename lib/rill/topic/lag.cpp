// Readers that the log has gone on without.
#include <rill/topic/detail/core.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace rill::detail {

bool topic_core::is_lost(const cursor& c) const noexcept {
    return c.fallen || c.cut ||
           (log_.options().policy == lag_policy::disconnect && !c.opening && c.sequence + 1 < log_.first());
}

/// The same, and counts the streams that end so.
bool topic_core::ends(cursor& c) noexcept {
    if (!is_lost(c)) return false;
    if (!std::exchange(c.fallen, true)) {
        ++totals_.disconnected;
        cutting_ -= c.cut ? 1 : 0;
    }
    return true;
}

bool topic_core::has_fallen(cursor& c) {
    const std::lock_guard lock{mutex_};
    return ends(c);
}

/// Looks whether the log has gone on without the reader, and says what becomes of it; true: this is the end.
bool topic_core::falls_off(cursor& c) {
    if (ends(c)) return true;
    const bool on_purpose = std::exchange(c.from_the_start, false);
    if (log_.options().policy == lag_policy::latest) {
        fall_to_newest(c, on_purpose);
    } else if (c.sequence + 1 < log_.first()) {
        if (!on_purpose) {
            c.announce = c.opening ? gap::trimmed : gap::lagged;
            c.missed = log_.first() - 1 - c.sequence;
        }
        c.sequence = log_.first() - 1;
    }
    return false;
}

/// With `lag_policy::latest`. Of what the reader is given the newest events of anyway, it is told already.
void topic_core::fall_to_newest(cursor& c, bool on_purpose) {
    const auto told = std::max(c.sequence, c.conflate_to);
    const auto lost = on_purpose ? 0 : lost_since(c);
    c.lost = log_.lost();
    if (on_purpose) c.conflate_to = log_.last();
    if (on_purpose || (told + 1 >= log_.first() && lost == 0)) return;
    c.missed = lost;
    if (told + 1 < log_.first()) {
        c.conflate_to = log_.last();
        const auto& kept = log_.kept();
        c.missed += log_.first() - 1 - told;
        c.missed -= static_cast<std::uint64_t>(std::distance(kept.upper_bound(told), kept.end()));
        c.missed += log_.superseded();
    }
    if (c.missed > 0) c.announce = gap::superseded;
}

/// How many of the newest events that the reader was on its way through are no longer kept. They may be
/// fewer, since it may have got some of them before.
std::uint64_t topic_core::lost_since(const cursor& c) const noexcept {
    const auto end = std::min(c.conflate_to, log_.last_lost());
    return c.lost != log_.lost() && c.sequence < end ? std::min(log_.lost() - c.lost, end - c.sequence) : 0;
}

} // namespace rill::detail
