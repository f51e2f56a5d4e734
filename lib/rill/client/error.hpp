#pragma once

#include <rill/base/export.hpp>

#include <system_error>
#include <type_traits>

namespace rill {

/// Why a request, or the stream that answers it, came to nothing. It is thrown as `rill::error`, whose words
/// say what was asked for, where, and why it failed. Where the system has a code of its own (`ECONNREFUSED`,
/// a name that is not known), that one is thrown, with the same words around it.
enum class client_errc {
    /// The URL is not `http://` or `https://` with a host, or cannot be resolved against the client's base.
    /// Nothing was sent; the words say why. Names beyond ASCII must come in their IDNA form.
    invalid_url = 1,
    /// The system gave no address for the host's name in `client_options::resolve_timeout`.
    resolve_timeout,
    /// No address of the host took the connection in `client_options::connect_timeout`.
    connect_timeout,
    /// The TLS handshake took longer than `client_options::tls_timeout`.
    tls_timeout,
    /// The TLS handshake failed: no common version or cipher, no TLS at the other end, a certificate of ours
    /// that the server does not take.
    tls_failed,
    /// The server's certificate is expired, not for this host, or from no authority that is trusted.
    certificate_refused,
    /// TLS was asked for, and this Rill was built without it (`-Dtls=disabled`).
    tls_unavailable,
    /// The certificate, the key or the authorities in `client_options` cannot be read.
    invalid_certificate,
    /// The proxy did not open a tunnel; the words have its status.
    proxy_refused,
    /// The environment names a proxy for the request that cannot be used: one by `socks5://` or `https://`,
    /// or no URL at all. Nothing was sent; the words have the variable and the scheme.
    proxy_not_usable,
    /// No byte of the answer came in `client_options::first_byte_timeout`, or its head took longer than that.
    first_byte_timeout,
    /// The server said nothing, not even a comment, for `client_options::idle_timeout` in mid-answer; or it
    /// took nothing of the request for so long.
    idle_timeout,
    /// What came is no HTTP/1 response, or one that could be read in two ways.
    malformed_response,
    /// The head of the response is larger than `client_options::max_head`, or has too many fields.
    head_too_large,
    /// The body is larger than `client_options::max_body`.
    body_too_large,
    /// The body comes in a content coding, as gzip, that the request did not ask for. What is no known
    /// coding, as `none`, is no error: such a body is read as it is.
    unknown_coding,
    /// The connection ended before the response did.
    truncated,
    /// A redirect has no `Location`, or one that is no URL of HTTP.
    invalid_redirect,
    /// There were more redirects than `client_options::max_redirects`.
    too_many_redirects,
    /// An event stream was asked for, and the status is not 200 (to a POST: no 2xx that has a body), or an
    /// event `refused` says the same in a stream (see `http_error`); the words have the status, and the
    /// reason of such an event.
    bad_status,
    /// An event stream was asked for, and the media type is not `text/event-stream`.
    wrong_media_type,
    /// `event_source::restart` or `close` was called meanwhile; or `event_source::next` was cancelled before,
    /// and to go on would send a POST again.
    interrupted,
};

/// The code of `e`, in the category `rill.client`. Any thread may call it.
[[nodiscard]] RILL_EXPORT std::error_code make_error_code(client_errc e) noexcept;

} // namespace rill

template <>
struct std::is_error_code_enum<rill::client_errc> : std::true_type {};
