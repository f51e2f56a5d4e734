#pragma once

#include <rill/client/client_options.hpp>
#include <rill/client/detail/deadline.hpp>
#include <rill/client/detail/name_lookup.hpp>
#include <rill/client/detail/tls_stream.hpp>
#include <rill/coro/task.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace rill::detail {

/// Why a connection failed, in words that the request's own go before.
struct connection_failure {
    std::error_code code;
    std::string words;
};

/// A connection of the client: a socket, and TLS on it if need be.
///
/// Each wait is bounded by the deadline that is passed in, whose waiter calls `cancel`. After a failure the
/// connection is of no more use. Failures are thrown as `connection_failure`, and a cancellation of the
/// coroutine as `std::system_error` with `operation_aborted`.
class connection {
public:
    explicit connection(const asio::any_io_executor& executor) : socket_{executor} {}
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection() = default;

    /// Connects to a host by its name or address.
    [[nodiscard]] task<void> connect(std::string host, std::uint16_t port, const client_options& times,
                                     deadline& limit);
    /// Begins TLS.
    [[nodiscard]] task<void> secure(const tls_context& context, std::string host, const client_options& times,
                                    deadline& limit);

    /// At least one byte; 0 at the end.
    [[nodiscard]] task<std::size_t> read_some(std::span<char> space, deadline& limit);
    /// All of `bytes`, a piece at a time: the deadline is for each. False if the peer takes no more.
    [[nodiscard]] task<bool> write(std::string_view bytes, std::chrono::milliseconds patience,
                                   deadline& limit);

    /// As `write`, but returns true with what is left in `bytes` when the peer has said something; with TLS,
    /// where that may be no word of the peer's, it does not look.
    [[nodiscard]] task<bool> write_while_silent(std::string_view& bytes, std::chrono::milliseconds patience,
                                                deadline& limit);

    /// Has what is under way end at once.
    void cancel() noexcept;

    /// Of an idle one: whether the peer has ended it meanwhile, or said something that nobody asked for.
    [[nodiscard]] bool stale() noexcept;

    [[nodiscard]] asio::any_io_executor executor() { return socket_.get_executor(); }

private:
    class ear;

    [[nodiscard]] task<bool> try_address(asio::ip::tcp::endpoint where, asio::error_code& result);

    asio::ip::tcp::socket socket_;
    std::unique_ptr<tls_stream> tls_;
    name_lookup lookup_;
};

} // namespace rill::detail
