#pragma once

#include <rill/coro/detail/timers.hpp>
#include <rill/net/detail/transport.hpp>

#include <asio/io_context.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace rill::detail {

/// A certificate chain, its key, and how TLS is spoken with them: it never changes, and all threads use it. A
/// server that loads its files again makes a new one; connections that were made with the old one keep it.
class tls_credentials;

/// Where the credentials come from: see `tls_options`.
struct tls_files {
    std::string certificate, private_key;
};

/// Reads them. Clients of `before`, which may be null, can resume their sessions with the new ones. Throws
/// `rill::error`.
[[nodiscard]] std::shared_ptr<const tls_credentials> load_credentials(const tls_files& files,
                                                                      const tls_credentials* before);

/// A shard's share of TLS: what its connections are made with, and the buffers that they take turns with, so
/// that one which waits has none. It belongs to the shard's thread, and outlives the connections.
struct tls_share {
    tls_share(asio::io_context& context, detail::timers& timers, std::chrono::milliseconds handshake_timeout,
              std::shared_ptr<const tls_credentials> credentials)
        : context{context},
          timers{timers},
          handshake_timeout{handshake_timeout},
          credentials{std::move(credentials)} {}

    /// The most that one record holds (RFC 8446 §5.1).
    static constexpr std::size_t record = 16'384;

    asio::io_context& context;
    detail::timers& timers;
    const std::chrono::milliseconds handshake_timeout;
    std::shared_ptr<const tls_credentials> credentials; ///< for connections that are made from now on

    std::array<char, 2 * record> received; ///< as it came
    std::string_view unread;               ///< what is left of it, while a connection reads
    std::array<char, record> gathered;     ///< to be encrypted
};

/// The server's end of TLS over `inner`; both belong to the thread of `share`.
[[nodiscard]] std::unique_ptr<transport> make_tls_transport(std::unique_ptr<transport> inner,
                                                            tls_share& share);

} // namespace rill::detail
