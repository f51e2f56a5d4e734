#pragma once

#include <rill/net/detail/socket_transport.hpp>

#include <asio/basic_stream_socket.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>

/// Connections for tests of transports: the server's end is a transport, the peer's a socket that blocks.
namespace connected {

using namespace std::chrono_literals;
using rill::detail::connected_socket;
using rill::detail::transport;
using stream_socket =
    asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

/// Counts what it is told, and then does what the test wants.
struct observer final : transport::observer {
    void on_readable() override {
        ++reads;
        if (then_read) then_read();
    }
    void on_writable() override {
        ++writes;
        if (then_write) then_write();
    }

    int reads = 0;
    int writes = 0;
    std::function<void()> then_read, then_write;
};

struct connection {
    /// What one read gives; "" if nothing is there, "END" at the end.
    [[nodiscard]] std::string read(std::size_t most = 65536) {
        std::string bytes(most, ' ');
        const auto got = end->read_some(bytes);
        if (got.status == transport::status::ended) return "END";
        bytes.resize(got.bytes);
        return bytes;
    }
    [[nodiscard]] transport::result write(std::string_view bytes) {
        return end->write_some(std::array{bytes});
    }
    /// Writes until nothing goes any more, and says how much went.
    std::size_t fill() {
        const std::string much(100'000, 'x');
        std::size_t written = 0;
        for (auto put = write(much); put.status == transport::status::moved; put = write(much))
            written += put.bytes;
        return written;
    }
    void send(std::string_view bytes) { asio::write(peer, asio::buffer(bytes)); }
    void take(std::size_t size) {
        std::string bytes(65536, ' ');
        while (size > 0) size -= peer.read_some(asio::buffer(bytes.data(), std::min(size, bytes.size())));
    }
    void finish() { peer.shutdown(stream_socket::shutdown_send); }
    void reset() {
        peer.set_option(asio::socket_base::linger{true, 0});
        peer.close();
    }

    std::unique_ptr<transport> end;
    stream_socket peer;
};

/// An event loop that runs when the test says so.
struct loop {
    [[nodiscard]] static std::unique_ptr<transport> transport_of(stream_socket socket) {
        using family = connected_socket::family;
        const bool local = socket.local_endpoint().protocol().family() == AF_UNIX;
        auto& context = socket.get_executor().context();
        return rill::detail::make_socket_transport(
            context, {socket.release(), local ? family::unix_domain : family::tcp});
    }

    [[nodiscard]] std::pair<stream_socket, stream_socket> unix_sockets() {
        asio::local::stream_protocol::socket one{context}, other{context};
        asio::local::connect_pair(one, other);
        return {of_any_kind(one), of_any_kind(other)};
    }

    [[nodiscard]] connection over_unix() {
        auto [end, peer] = unix_sockets();
        return {transport_of(std::move(end)), std::move(peer)};
    }

    [[nodiscard]] connection over_tcp() {
        using asio::ip::tcp;
        tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
        tcp::socket end{context}, peer{context};
        peer.connect(acceptor.local_endpoint());
        peer.set_option(tcp::no_delay{true});
        acceptor.accept(end);
        return {transport_of(of_any_kind(end)), of_any_kind(peer)};
    }

    /// Runs all that is due.
    void run() {
        do context.restart();
        while (context.poll() > 0);
    }

    /// Runs until `condition` comes true; only a test that fails waits for long.
    template <typename Condition>
    [[nodiscard]] bool until(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            context.restart();
            context.run_one_for(1ms);
        }
        return true;
    }

    asio::io_context context{1};

private:
    template <typename Socket>
    [[nodiscard]] stream_socket of_any_kind(Socket& socket) {
        stream_socket any{context};
        const auto protocol = socket.local_endpoint().protocol();
        any.assign(protocol, socket.release());
        return any;
    }
};

} // namespace connected
