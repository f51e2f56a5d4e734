#pragma once

#include <rill/base/clock.hpp>
#include <rill/net/detail/shard.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace rill::detail {

/// How long a stream has been silent, and when a comment is due. Events put it off without touching a timer:
/// whoever has the timer asks here when it fires, and arms it for `rest`.
///
/// A proxy mostly does not tell that its client has left before it has written to it twice: what is written
/// first only provokes the reset. So a comment to a peer that may be a proxy is sent again a second later,
/// unless something else was. The second is for the reset to come back from the client.
class silence {
public:
    /// Something was written just now.
    void broken(time_point now) noexcept { note(now, false); }
    /// That was a comment. `proxy`: the peer may be one.
    void commented(time_point now, duration interval, bool proxy) noexcept {
        note(now, proxy && !repeats_ && interval > 2 * repeat_after);
    }

    /// Whether nothing was written ever.
    [[nodiscard]] bool unbroken() const noexcept { return last_write_ == 0; }
    /// Whether a comment is due; `interval` is the route's.
    [[nodiscard]] bool comment_due(time_point now, duration interval) const noexcept {
        return interval > interval.zero() && since(now) >= patience(interval);
    }
    /// How long it is from now on until the next one, or else until the client is to be looked after.
    [[nodiscard]] duration rest(time_point now, duration interval, const limits& bounds) const noexcept {
        if (interval <= interval.zero()) return bounds.write_timeout;
        return std::max(duration{1}, patience(interval) - since(now));
    }

private:
    static constexpr duration repeat_after = std::chrono::seconds{1};

    [[nodiscard]] duration patience(duration interval) const noexcept {
        return repeats_ ? repeat_after : interval;
    }
    [[nodiscard]] duration since(time_point now) const noexcept {
        return now.time_since_epoch() - duration{last_write_};
    }
    void note(time_point now, bool repeats) noexcept {
        last_write_ = now.time_since_epoch().count();
        repeats_ = repeats;
    }

    // Every idle stream has one: both are in 8 bytes.
    std::int64_t last_write_ : 63 = 0;
    bool repeats_ : 1 = false; ///< the last write was a comment that is to be sent again
};
static_assert(sizeof(silence) == 8);

} // namespace rill::detail
