#pragma once

#include <rill/net/detail/socket_transport.hpp>

#include <chrono>
#include <string>
#include <system_error>

namespace rill::detail {

/// What a socket for streams wants of the system; all that is particular to one system is in the .cpp file.
/// An option that the system has not, or that the kind of socket does not take, is left out. Returns whether
/// it is a TCP socket.
bool prepare_for_streams(stream_socket& socket, std::chrono::milliseconds user_timeout) noexcept;

/// Keeps the programs that the application starts from holding its sockets open. (Asio does not.)
void close_on_exec(int socket) noexcept;

/// The code as others know it: Asio has a category of its own for the system's codes, which compares with no
/// `std::errc`.
[[nodiscard]] std::error_code in_standard_terms(std::error_code code) noexcept;

/// The peer's address, as `transport::remote_address` gives it.
[[nodiscard]] std::string address_of(const stream_socket::endpoint_type& peer);

} // namespace rill::detail
