#pragma once

#include <rill/base/config.hpp>

#include <cstddef>
#include <cstdint>

namespace rill {

/// What a topic, or all topics of a registry together, have done so far, and hold now.
struct topic_statistics {
    std::size_t subscribers = 0;    ///< now
    std::size_t events = 0;         ///< in the log, now
    std::size_t bytes = 0;          ///< of those events, encoded
    std::uint64_t published = 0;    ///< events
    std::uint64_t delivered = 0;    ///< events, once for each subscriber that was given one
    std::uint64_t dropped = 0;      ///< events that a subscriber should have got and never will
    std::uint64_t gaps = 0;         ///< `gap` events that subscribers were given
    std::uint64_t disconnected = 0; ///< streams that ended since their subscriber was too slow
    std::size_t pinned = 0;         ///< bytes of events that have left the log and are still being sent, now

    topic_statistics& operator+=(const topic_statistics& other) noexcept;
};

} // namespace rill
