#pragma once

#include <rill/base/config.hpp>

#include <cstdint>

namespace rill {

/// The version of HTTP/1 that a message was sent with. Others are answered with 505.
enum class version : std::uint8_t {
    http_1_0, ///< no chunked coding, no interim responses, closed after each response unless asked otherwise
    http_1_1, ///< kept alive unless asked otherwise
};

} // namespace rill
