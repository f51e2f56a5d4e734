#pragma once

#include <rill/net/detail/transport.hpp>

#include <asio/basic_stream_socket.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>

#include <chrono>

namespace rill::detail {

/// A TCP or Unix socket of a shard.
using stream_socket =
    asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

class socket_transport final : public transport {
public:
    /// Takes a connected socket, and sets it up for streams: no delay, and a peer that is dead without a word
    /// is found out (after `user_timeout` without an acknowledgement, where the system can do that).
    explicit socket_transport(stream_socket socket, std::chrono::milliseconds user_timeout);

    result read_some(std::span<char> space) noexcept override;
    result write_some(std::span<const std::string_view> pieces) noexcept override;
    void wait_readable(std::shared_ptr<observer> who) override;
    void wait_writable(std::shared_ptr<observer> who) override;
    void shutdown_write() noexcept override;
    void close(bool reset) noexcept override;
    [[nodiscard]] std::string remote_address() const override;

private:
    stream_socket socket_;
};

} // namespace rill::detail
