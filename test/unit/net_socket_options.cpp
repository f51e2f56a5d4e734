#include <rill/net/detail/socket_options.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <system_error>

using asio::ip::tcp;
using rill::detail::connected_socket;
using rill::detail::take_connection;

namespace {

struct listening {
    listening() { acceptor.non_blocking(true); }

    asio::io_context context;
    tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
};

int option(int socket, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    CHECK(::getsockopt(socket, level, name, &value, &size) == 0);
    return value;
}

} // namespace

TEST_CASE("a connection that is taken is set up for streams, as the listening socket was") {
    listening l;
    rill::detail::prepare_for_streams(l.acceptor.native_handle(), std::chrono::seconds{20});
    tcp::socket peer{l.context};
    peer.connect(l.acceptor.local_endpoint());
    std::error_code failure;
    const auto taken = take_connection(l.acceptor.native_handle(), connected_socket::family::tcp, failure);
    REQUIRE_FALSE(failure);
    const int socket = taken.descriptor();
    CHECK(option(socket, IPPROTO_TCP, TCP_NODELAY) != 0);
    CHECK(option(socket, SOL_SOCKET, SO_KEEPALIVE) != 0);
#ifdef __linux__
    CHECK(option(socket, IPPROTO_TCP, TCP_KEEPIDLE) == 30);
    CHECK(option(socket, IPPROTO_TCP, TCP_KEEPINTVL) == 10);
    CHECK(option(socket, IPPROTO_TCP, TCP_KEEPCNT) == 3);
    CHECK(option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT) == 20'000);
#endif
    CHECK((::fcntl(socket, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("where no connection waits, that is the reason why there is none") {
    listening l;
    std::error_code failure;
    const auto none = take_connection(l.acceptor.native_handle(), connected_socket::family::tcp, failure);
    CHECK(none.descriptor() == -1);
    CHECK(failure == std::errc::operation_would_block);
}

TEST_CASE("a connected socket that nobody takes over is closed") {
    listening l;
    tcp::socket peer{l.context};
    peer.connect(l.acceptor.local_endpoint());
    int descriptor = -1;
    {
        std::error_code failure;
        const auto taken =
            take_connection(l.acceptor.native_handle(), connected_socket::family::tcp, failure);
        descriptor = taken.descriptor();
        REQUIRE(descriptor >= 0);
    }
    CHECK(::fcntl(descriptor, F_GETFD) == -1);
    CHECK(errno == EBADF);
}
