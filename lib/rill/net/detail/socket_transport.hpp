#pragma once

#include <rill/net/detail/transport.hpp>

#include <asio/basic_stream_socket.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>

#include <chrono>
#include <memory>

namespace rill::detail {

/// A TCP or Unix socket of a shard.
using stream_socket =
    asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

/// Makes what watches the sockets of `context`, so that a server which has no descriptor left for it says so
/// when it starts, and not with its first connection. Throws `std::system_error` then.
void prepare_for_sockets(asio::io_context& context);

/// Takes a connected socket, and sets it up for streams: no delay, and a peer that is dead without a word is
/// found out (after `user_timeout` without an acknowledgement, where the system can do that).
///
/// To be called on the thread of the socket's context, which must outlive the transport: its event loop tells
/// the observers. Throws `std::system_error` where the system has no room to watch one more socket, and
/// closes it.
[[nodiscard]] std::unique_ptr<transport> make_socket_transport(stream_socket socket,
                                                               std::chrono::milliseconds user_timeout);

} // namespace rill::detail
