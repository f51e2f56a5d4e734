#include <rill/base/error.hpp>
#include <rill/client/error.hpp>

#include <array>

namespace rill {

std::error_code make_error_code(client_errc e) noexcept {
    static constexpr std::array messages{
        "not a URL of HTTP",
        "the name took too long to resolve",
        "connecting took too long",
        "the TLS handshake took too long",
        "the TLS handshake failed",
        "the server's certificate is not trusted",
        "TLS is not built in",
        "a certificate or a key cannot be read",
        "the proxy opened no tunnel",
        "the proxy cannot be used",
        "the answer took too long to begin",
        "the server was silent for too long",
        "not an HTTP response",
        "the response's head is too large",
        "the response's body is too large",
        "an unknown content coding",
        "the connection ended before the response",
        "a redirect to nowhere",
        "too many redirects",
        "not the status of an event stream",
        "not the media type of an event stream",
        "interrupted",
    };
    static const detail::errc_category category{"rill.client", messages};
    return {static_cast<int>(e), category};
}

} // namespace rill
