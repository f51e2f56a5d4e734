#pragma once

#include <cstdint>

namespace rill {

/// Where `request_parser::parse` and `response_parser::parse` stopped.
enum class parse_step : std::uint8_t {
    need_input, ///< all of the input was taken, and the message goes on; or it was complete before
    head,       ///< the head is complete: time to set a limit for the body, and to answer `Expect`
    body,       ///< `body_piece()` is the next piece of the body
    complete,   ///< the message is at its end, also one without a body; said once
    refused,    ///< the parser says why; nothing more is parsed
};

} // namespace rill
