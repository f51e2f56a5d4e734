#pragma once

#include <rill/base/config.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace rill {

/// What happens to a subscriber that is so slow that events which it has yet to get leave the log.
enum class lag_policy : std::uint8_t {
    disconnect, ///< its stream ends; the client comes back with its id, and is told of the gap then
    skip,       ///< it is told of the gap, and goes on with the oldest event that is left
    latest,     ///< it is told of the gap, gets the newest event of each key, and goes on
};

/// How much a topic keeps, and how many subscribers it has at most.
///
/// The first three bound what is kept for replay. Events stay in the log beyond count and age until the
/// readers that wait for them have had their turn: a burst does not push readers that keep up off the log.
/// `keep_bytes` always holds.
///
/// An event that has left the log still takes memory while it is being sent to slow subscribers. That may be
/// as much as `keep_bytes` again, or 1 MiB if that is more; beyond it, the subscribers that have been slow
/// for longest are cut.
struct topic_options {
    /// The maximum number of events; at least 1.
    std::size_t keep_events = 1'000;
    /// The maximum size of all events together, in bytes as they are encoded. A larger event cannot be
    /// published.
    std::size_t keep_bytes = std::size_t{4} << 20;
    /// How long an event is kept.
    std::chrono::milliseconds keep_age = std::chrono::milliseconds::max();
    /// What happens to a subscriber that falls off the log. With `latest`, the newest event of each key is
    /// kept whatever the bounds above say: there should not be more keys than there is memory for.
    lag_policy policy = lag_policy::disconnect;
    /// The maximum number of subscribers at a time; one more is refused.
    std::size_t max_subscribers = 100'000;
};
static_assert(std::is_trivially_destructible_v<topic_options>);

} // namespace rill
