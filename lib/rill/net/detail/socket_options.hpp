#pragma once

#include <rill/net/detail/socket_transport.hpp>

#include <asio/generic/stream_protocol.hpp>

#include <chrono>
#include <string>
#include <system_error>

namespace rill::detail {

// What is particular to one system is in the .cpp file.

/// Has a listening TCP socket, and with it each connection that it takes, set up for streams: no delay, and a
/// peer that is dead without a word is found out (after `user_timeout` without an acknowledgement, where the
/// system can do that). To be called before the first one is taken: they inherit it, which saves six system
/// calls for each.
void prepare_for_streams(int listening, std::chrono::milliseconds user_timeout) noexcept;

/// Takes the next connection from a listening socket that does not block. If that fails there is none, and
/// `failure` says why.
[[nodiscard]] connected_socket take_connection(int listening, connected_socket::family kind,
                                               std::error_code& failure) noexcept;

/// Keeps the programs that the application starts from holding its sockets open. (Asio does not.)
void close_on_exec(int socket) noexcept;

/// The code as others know it: Asio has a category of its own for the system's codes, which compares with no
/// `std::errc`.
[[nodiscard]] std::error_code in_standard_terms(std::error_code code) noexcept;

/// The peer's address, as `transport::remote_address` gives it.
[[nodiscard]] std::string address_of(const asio::generic::stream_protocol::endpoint& peer);

} // namespace rill::detail
