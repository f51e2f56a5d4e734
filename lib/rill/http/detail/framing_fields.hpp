#pragma once

#include <rill/base/text.hpp>

#include <string_view>

namespace rill::detail {

/// Whether a field frames its message, or speaks of the connection (RFC 9112 §6, §9): such fields are written
/// from what the writer of a message knows, and not by handlers or callers.
[[nodiscard]] inline bool is_framing_field(std::string_view name) noexcept {
    switch (name.size()) { // most names have another length
    case 10: return equals_ignoring_case(name, "connection") || equals_ignoring_case(name, "keep-alive");
    case 14: return equals_ignoring_case(name, "content-length");
    case 17: return equals_ignoring_case(name, "transfer-encoding");
    default: return false;
    }
}

} // namespace rill::detail
