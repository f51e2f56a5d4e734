#include <rill/net/detail/socket_options.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/write.hpp>
#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#ifdef __linux__
#include <linux/filter.h>
#endif

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
    rill::detail::prepare_for_streams(l.acceptor.native_handle(), 20'000);
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
    CHECK(option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT) == 20'000);
    CHECK(option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT) == 0); // it cuts who is slow and alive
#endif
    CHECK((::fcntl(socket, F_GETFD) & FD_CLOEXEC) != 0);
}

#ifdef __linux__
TEST_CASE("without a bound for what is unsent the system keeps its own") {
    listening l;
    const int before = option(l.acceptor.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT);
    rill::detail::prepare_for_streams(l.acceptor.native_handle(), 0);
    CHECK(option(l.acceptor.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT) == before);
    rill::detail::prepare_for_streams(l.acceptor.native_handle(), SIZE_MAX);
    CHECK(option(l.acceptor.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT) == 1 << 30);
}

TEST_CASE("what the peer has not acknowledged is known") {
    listening l;
    tcp::socket peer{l.context};
    peer.connect(l.acceptor.local_endpoint());
    auto end = l.acceptor.accept();
    const int socket = end.native_handle();
    CHECK(rill::detail::unacknowledged(socket) == 0);
    end.non_blocking(true);
    const std::string much(100'000, 'x');
    std::size_t written = 0;
    asio::error_code full;
    while (!full) written += end.write_some(asio::buffer(much), full);
    const auto left = rill::detail::unacknowledged(socket);
    CHECK(left > 0);
    CHECK(left < written);
    CHECK_FALSE(rill::detail::leaves_unanswered(socket, std::chrono::milliseconds{0})); // it answers
    end.close();
    CHECK(rill::detail::unacknowledged(-1) == 0);
}

TEST_CASE("a peer that is dead without a word leaves unanswered what is sent again") {
    using namespace std::chrono_literals;
    listening l;
    tcp::socket peer{l.context};
    peer.connect(l.acceptor.local_endpoint());
    auto end = l.acceptor.accept();
    // Its system drops from now on all that comes, as if a cable were cut.
    sock_filter nothing{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0};
    const sock_fprog program{.len = 1, .filter = &nothing};
    REQUIRE(::setsockopt(peer.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0);
    asio::write(end, asio::buffer("hello", 5));
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!rill::detail::leaves_unanswered(end.native_handle(), 300ms)) { // the system tells nobody
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        std::this_thread::sleep_for(1ms);
    }
    CHECK(rill::detail::unacknowledged(end.native_handle()) == 5);
    CHECK_FALSE(rill::detail::leaves_unanswered(end.native_handle(), 1h));
}
#endif

TEST_CASE("a peer of this machine is near") {
    listening l;
    tcp::socket peer{l.context};
    CHECK_FALSE(rill::detail::is_near(-1));
    CHECK_FALSE(rill::detail::is_near(l.acceptor.native_handle())); // that has none
    peer.connect(l.acceptor.local_endpoint());
    CHECK(rill::detail::is_near(peer.native_handle()));
    asio::local::stream_protocol::socket one{l.context}, other{l.context};
    asio::local::connect_pair(one, other);
    CHECK(rill::detail::is_near(one.native_handle()));
}

TEST_CASE("private addresses are near, and others are not") {
    const auto near = [](const char* text) { return rill::detail::is_near(asio::ip::make_address(text)); };
    for (const auto* text :
         {"127.0.0.1", "127.9.9.9", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
          "192.168.7.7", "169.254.1.1", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "::ffff:10.0.0.1"}) {
        CAPTURE(text);
        CHECK(near(text));
    }
    for (const auto* text : {"8.8.8.8", "9.255.255.255", "11.0.0.1", "172.15.255.255", "172.32.0.1",
                             "192.167.1.1", "192.169.1.1", "169.253.1.1", "128.0.0.1", "0.0.0.0",
                             "2001:db8::1", "fb00::1", "fe00::1", "ff02::1", "::", "::ffff:8.8.8.8"}) {
        CAPTURE(text);
        CHECK_FALSE(near(text));
    }
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
