#pragma once

#include <rill/base/config.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace rill {

/// What a server has seen since it began: see `server::statistics`.
struct server_statistics {
    /// Connections that were cut since their client was too slow: it had taken nothing for
    /// `limits::write_timeout`, or for `limits::linger` while the server drained, or stood in the way of
    /// memory that its topic needed (`topic_options::keep_bytes`). The log has a line for each.
    std::uint64_t cut_slow = 0;
    /// Connections that are open now, with those that are only told that there are too many.
    std::size_t connections = 0;
    /// Connections that were refused, and how often the server became so full that new ones had to wait: see
    /// `limits::max_connections`.
    std::uint64_t over_connections = 0;
    /// Connections that were refused: see `limits::max_connections_per_address`.
    std::uint64_t over_connections_per_address = 0;
    /// Streams that were refused: see `limits::max_streams_per_address`.
    std::uint64_t over_streams_per_address = 0;
    /// Connections that were ended by `limits::max_requests`.
    std::uint64_t over_requests = 0;
    /// Requests whose head or body came too slowly, and were answered 408.
    std::uint64_t slow_requests = 0;
    /// Handlers that took longer than `limits::handler_timeout`.
    std::uint64_t slow_handlers = 0;
    /// Streams that were ended by `limits::max_stream_age`.
    std::uint64_t old_streams = 0;
};
static_assert(std::is_trivially_destructible_v<server_statistics>);

} // namespace rill
