#pragma once

#include <rill/net/detail/shard.hpp>
#include <rill/net/detail/socket_transport.hpp>

#include <asio/basic_socket_acceptor.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace rill::detail {

/// Takes connections, and hands each to the shard that has the fewest: streams live long, so what the system
/// would spread evenly over several listening sockets never evens out again.
class listener {
public:
    /// Listens at `address` and `port`, on the thread of `home`. Throws as `server` does. `scheme` is that of
    /// its URL.
    listener(shard& home, std::string_view address, std::uint16_t port, int backlog, std::string_view scheme);
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;
    ~listener();

    [[nodiscard]] const std::string& url() const noexcept { return url_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// Begins to take connections, as far as the service admits them; `pick` says whose the next one is.
    void start(std::function<shard&()> pick);
    /// Takes no more of them.
    void stop() noexcept;

private:
    using protocol = asio::generic::stream_protocol;

    void bind_to(const protocol::endpoint& where);
    void listen_on_path(const std::string& path, int backlog);
    void listen_on_address(std::string_view address, std::uint16_t port, int backlog,
                           std::string_view scheme);
    void wait();
    void take();
    void rest(std::string_view why);
    void wait_for_room();
    void complain(std::string_view why);
    void pause(std::chrono::milliseconds time);
    void hand_over(shard& to, connected_socket socket, admission how);

    shard& home_;
    asio::basic_socket_acceptor<protocol, asio::io_context::executor_type> acceptor_;
    asio::steady_timer pause_;
    std::function<shard&()> pick_;
    time_point complained_{}; ///< the log has a line from then
    bool full_ = false;       ///< connections wait until there is room
    std::string url_;
    std::string path_; ///< of a Unix socket, to be removed in the end
    std::uint16_t port_ = 0;
    connected_socket::family kind_ = connected_socket::family::tcp;
};

} // namespace rill::detail
