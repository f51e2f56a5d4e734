#pragma once

#include <rill/net/detail/transport.hpp>

#include <asio/io_context.hpp>

#include <memory>
#include <utility>

namespace rill::detail {

/// A socket that is connected, and that no event loop knows yet; or none.
class connected_socket {
public:
    enum class family : bool { tcp, unix_domain };

    connected_socket() = default;
    connected_socket(int descriptor, family kind) noexcept : descriptor_{descriptor}, kind_{kind} {}
    connected_socket(connected_socket&& other) noexcept : descriptor_{other.release()}, kind_{other.kind_} {}
    connected_socket& operator=(connected_socket&&) = delete;
    ~connected_socket();

    /// -1 for none.
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
    [[nodiscard]] family kind() const noexcept { return kind_; }
    /// Whoever calls this closes it.
    [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }

private:
    int descriptor_ = -1;
    family kind_ = family::tcp;
};

/// Makes what watches the sockets of `context`, so that a server which has no descriptor left for it says so
/// when it starts, and not with its first connection. Throws `std::system_error` then.
void prepare_for_sockets(asio::io_context& context);

/// Takes a connected socket. To be called on the thread of the context, which must outlive the transport: its
/// event loop tells the observers. Throws `std::system_error` where the system has no room to watch one more
/// socket, and closes it.
[[nodiscard]] std::unique_ptr<transport> make_socket_transport(asio::io_context& context,
                                                               connected_socket socket);

} // namespace rill::detail
