#pragma once

#include <rill/http/refusal.hpp>
#include <rill/http/request.hpp>
#include <rill/http/response.hpp>

#include <cstdint>
#include <optional>

namespace rill::detail {

/// What the fields of a head say about the message itself.
struct message_facts {
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool until_close = false; // of a response: the body ends with the connection
    bool keep_alive = true;
    bool expects_continue = false;
};

/// Whether a response with this status to a request with method `m` has the connection become a tunnel: then
/// it has no body, and its Content-Length and Transfer-Encoding are to be ignored (RFC 9110 §9.3.6).
[[nodiscard]] constexpr bool opens_tunnel(status s, method m) noexcept {
    return m == method::connect && static_cast<unsigned>(s) / 100 == 2;
}

/// Checks what a head means, once its syntax is known to be right: the target, `Host`, what frames the
/// body, `Expect`. Fills in `facts`, or says why the request is refused.
[[nodiscard]] std::optional<refusal> check_head(request_head& head, bool may_have_empty_host,
                                                message_facts& facts);

/// The same for the response to a request with method `m`: what frames the body (RFC 9112 §6.3), and whether
/// the connection goes on. Where there is no body, `content_length` is 0. The refusal's status means nothing.
[[nodiscard]] std::optional<refusal> check_head(const response_head& head, version v, method m,
                                                message_facts& facts);

} // namespace rill::detail
