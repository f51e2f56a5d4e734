#pragma once

#include <rill/http/method.hpp>

namespace rill::detail {

/// Whether a request that may have arrived can be sent once more, and does no more than once (RFC 9110
/// §9.2.2).
[[nodiscard]] constexpr bool is_idempotent(method verb) noexcept {
    using enum method;
    for (const auto each : {get, head, put, delete_, options, trace, query, propfind, report, search})
        if (verb == each) return true;
    return false;
}

} // namespace rill::detail
