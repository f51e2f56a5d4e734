#pragma once

#include <rill/sse/message.hpp>

#include <string_view>

// The events that Rill itself sends, among those of its users.
namespace rill::detail {

/// Tells a client where the stream stands, or how long to wait before it comes back; see `event`.
inline constexpr std::string_view checkpoint_name = "checkpoint";
inline constexpr std::string_view checkpoint_data = "{}";

/// Tells a subscriber of a topic that events are missing; see `topic`.
inline constexpr std::string_view gap_name = "gap";

/// Tells a client why there is no stream for now; see `http_error`.
inline constexpr std::string_view refused_name = "refused";

/// Whether `name` is one of these, so that no publisher may use it.
[[nodiscard]] constexpr bool is_own_name(std::string_view name) noexcept {
    return name == checkpoint_name || name == gap_name || name == refused_name;
}

/// Whether `m` only brought an id or a retry time. Another server's event of that name has other data.
[[nodiscard]] inline bool is_checkpoint(const message& m) noexcept {
    return m.type == checkpoint_name && m.data == checkpoint_data;
}

} // namespace rill::detail
