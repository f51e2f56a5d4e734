#pragma once

#include <cstdint>

namespace rill::detail {

/// Why a reader is told of a gap.
enum class gap : std::uint8_t { none, unknown_epoch, unknown_id, malformed_id, trimmed, lagged, superseded };

} // namespace rill::detail
