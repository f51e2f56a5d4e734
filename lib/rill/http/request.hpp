#pragma once

#include <rill/http/fields.hpp>
#include <rill/http/method.hpp>
#include <rill/http/target.hpp>
#include <rill/http/version.hpp>

#include <string_view>

namespace rill {

/// The head of a request. It owns its bytes, and reuses their memory when the next request is parsed into it.
struct RILL_EXPORT request_head {
    request_head() = default;

    rill::method method = rill::method::get;
    rill::version version = rill::version::http_1_1;
    rill::target target;
    rill::fields fields;

    /// The host that the request is for, with its port if it was given: the target's if that has one, else
    /// `Host`'s (RFC 9112 §3.2.2). Empty if a HTTP/1.0 client told none, or one over a Unix socket.
    /// A view into this head.
    [[nodiscard]] std::string_view host() const noexcept;

    /// Back to an empty head; keeps the memory for the next one.
    void clear() noexcept;

    /// Gives back the memory that the head does not need: for requests whose answer takes long.
    void shrink_to_fit();
};

} // namespace rill
