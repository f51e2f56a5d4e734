#pragma once

#include <rill/base/config.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace rill {

/// What becomes of a route's streams when the server drains.
enum class drain : std::uint8_t {
    close_now,  ///< the handler is destroyed and the stream ends properly, at once
    let_finish, ///< the handler goes on until it is done, or until the server's deadline for draining
};

/// What concerns the answers of one route.
struct route_options {
    /// Streams: after so long without an event a comment is sent, so that no proxy takes the silence for the
    /// end. Zero or less: never.
    std::chrono::milliseconds keep_alive = std::chrono::seconds{15};

    /// The text of that comment. The router copies it; one with a line end in it, or not in UTF-8, is
    /// refused.
    std::string_view comment{};

    /// Streams: what happens to them when the server drains.
    rill::drain drain = rill::drain::close_now;

    /// The largest body that requests may bring, in bytes, in place of `limits::max_body`.
    std::optional<std::uint64_t> max_body{};
};
static_assert(std::is_trivially_destructible_v<route_options>);

} // namespace rill
