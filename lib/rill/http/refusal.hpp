#pragma once

#include <rill/http/status.hpp>

#include <string_view>

namespace rill {

/// Why a message is not taken. The connection is of no use after it: answer, and close.
struct refusal {
    rill::status status = status::bad_request; ///< what to answer with
    std::string_view reason;                   ///< for people, in a few words; it lives for ever
};

} // namespace rill
