#pragma once

#include <rill/http/refusal.hpp>
#include <rill/http/request.hpp>

#include <cstdint>
#include <optional>

namespace rill::detail {

/// What the fields of a request's head say about the message itself.
struct message_facts {
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool keep_alive = true;
    bool expects_continue = false;
};

/// Checks what a head means, once its syntax is known to be right: the target, `Host`, what frames the
/// body, `Expect`. Fills in `facts`, or says why the request is refused.
[[nodiscard]] std::optional<refusal> check_head(request_head& head, message_facts& facts);

} // namespace rill::detail
