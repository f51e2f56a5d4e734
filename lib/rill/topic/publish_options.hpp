#pragma once

#include <rill/base/config.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace rill {

/// What a publisher says beside the event.
struct publish_options {
    /// The publisher, for subscribers that do not want their own events back.
    std::optional<std::uint64_t> from{};
    /// What the event is the newest value of, for `lag_policy::latest`; UTF-8, empty for nothing.
    std::string_view key{};
};
static_assert(std::is_trivially_destructible_v<publish_options>);

/// The bounds of `event::retry` for events that are published.
inline constexpr std::chrono::milliseconds shortest_retry{100};
inline constexpr std::chrono::milliseconds longest_retry = std::chrono::minutes{10};

} // namespace rill
