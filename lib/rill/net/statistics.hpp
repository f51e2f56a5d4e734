#pragma once

#include <rill/base/config.hpp>

#include <cstdint>
#include <type_traits>

namespace rill {

/// What a server has seen since it began: see `server::statistics`.
struct server_statistics {
    /// Connections that were cut since their client was too slow: it had taken nothing for
    /// `limits::write_timeout`, or for `limits::linger` while the server drained, or stood in the way of
    /// memory that its topic needed (`topic_options::keep_bytes`). The log has a line for each.
    std::uint64_t cut_slow = 0;
};
static_assert(std::is_trivially_destructible_v<server_statistics>);

} // namespace rill
