#pragma once

#include <rill/client/client_options.hpp>
#include <rill/client/error.hpp>
#include <rill/coro/task.hpp>

#include <asio/ip/tcp.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace rill::detail {

/// The client's end of TLS over a socket that is connected.
class tls_stream {
public:
    struct failure {
        client_errc code;
        std::string words; ///< OpenSSL's reason
    };

    virtual ~tls_stream() = default;

    // As Asio's own of these names; `result` must live until they complete.

    [[nodiscard]] virtual task<void> handshake(asio::error_code& result) = 0;
    [[nodiscard]] virtual task<std::size_t> read_some(std::span<char> space, asio::error_code& result) = 0;
    [[nodiscard]] virtual task<std::size_t> write(std::string_view bytes, asio::error_code& result) = 0;

    /// What a handshake that ended with `result` failed of.
    [[nodiscard]] virtual failure explain(asio::error_code result) = 0;
    /// Whether a read ended with the connection, without the `close_notify` that shows that nobody cut it off
    /// (RFC 8446 §6.1).
    [[nodiscard]] virtual bool truncated(asio::error_code result) = 0;
    /// Whether OpenSSL holds bytes that were read ahead.
    [[nodiscard]] virtual bool holds_input() = 0;
};

/// What all TLS connections of a client share: whom it trusts, and its own certificate. It never changes.
class tls_context {
public:
    virtual ~tls_context() = default;

    /// `socket` must outlive the stream. `host` is whose certificate is expected.
    [[nodiscard]] virtual std::unique_ptr<tls_stream> wrap(asio::ip::tcp::socket& socket,
                                                           const std::string& host) const = 0;
};

/// Null where TLS is not built in. Throws `rill::error` with `invalid_certificate`, or with `tls_unavailable`
/// if the options ask for something that needs TLS.
[[nodiscard]] std::shared_ptr<const tls_context> make_tls_context(const client_options& options);

} // namespace rill::detail
