#pragma once

#include <rill/base/detail/peer_address.hpp>
#include <rill/net/detail/socket_transport.hpp>

#include <asio/generic/stream_protocol.hpp>
#include <asio/ip/address.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <system_error>

namespace rill::detail {

// What is particular to one system is in the .cpp file.

/// Sets up a listening TCP socket for streams, and with it each connection that it takes: no delay, probes
/// for peers that are dead without a word while nothing is under way, and at most about `unsent` bytes that
/// are written but not sent (0: the system's own bound; where the system can do that). To be called before
/// the first connection is taken: they inherit it, which saves six system calls for each.
void prepare_for_streams(int listening, std::size_t unsent) noexcept;

/// The bytes that were written to a connected socket and that its peer has not acknowledged yet, sent or not;
/// 0 where the system does not tell.
[[nodiscard]] std::size_t unacknowledged(int socket) noexcept;

/// Whether the system has sent something to the peer of a TCP socket more than once, and nothing has come
/// back for `time`. False where the system does not tell.
[[nodiscard]] bool leaves_unanswered(int socket, std::chrono::milliseconds time) noexcept;

/// Whether the peer of a connected socket is on this machine or in the same private network (loopback,
/// link-local and private addresses, and Unix sockets), as proxies are.
[[nodiscard]] bool is_near(int socket) noexcept;
[[nodiscard]] bool is_near(const asio::ip::address& address) noexcept;

/// Takes the next connection from a listening socket that does not block. If that fails there is none, and
/// `failure` says why.
[[nodiscard]] connected_socket take_connection(int listening, connected_socket::family kind,
                                               std::error_code& failure) noexcept;

/// Whether a connection is there to be taken from a listening socket.
[[nodiscard]] bool connection_waits(int listening) noexcept;

/// Keeps the programs that the application starts from holding its sockets open. (Asio does not.)
void close_on_exec(int socket) noexcept;

/// The code as others know it: Asio has a category of its own for the system's codes, which compares with no
/// `std::errc`.
[[nodiscard]] std::error_code in_standard_terms(std::error_code code) noexcept;

/// The peer of a connected socket; nothing where the system does not tell, since the peer has gone.
[[nodiscard]] std::optional<asio::generic::stream_protocol::endpoint> peer_of(int socket) noexcept;

/// The ends of a connection that nobody passes on.
[[nodiscard]] connection_ends ends_with(const asio::generic::stream_protocol::endpoint& peer) noexcept;

} // namespace rill::detail
