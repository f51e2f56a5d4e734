#pragma once

#include <rill/base/config.hpp>

#include <cstdint>

namespace rill {

/// In which fields trusted proxies say whose request they pass on.
enum class forwarded_fields : std::uint8_t {
    x_forwarded, ///< `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`, as most proxies do
    forwarded,   ///< `Forwarded` (RFC 7239); the others are not looked at then
};

} // namespace rill
