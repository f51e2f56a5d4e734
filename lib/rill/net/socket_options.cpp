#include <rill/net/detail/socket_options.hpp>

#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#ifdef __linux__
#include <linux/sockios.h>
#endif

namespace rill::detail {
namespace {

#ifdef __linux__
/// A peer that is dead without a word is found out in a minute: by probes where nothing is under way, and by
/// `leaves_unanswered` where something is. TCP_USER_TIMEOUT would do the latter, but it also cuts peers that
/// are slow and alive: while the window is too small for the first segment that waits, Linux counts the time
/// on, whatever the peer acknowledges.
void find_dead_peers(int socket) noexcept {
    for (const auto& [option, value] :
         {std::pair{TCP_KEEPIDLE, 30}, std::pair{TCP_KEEPINTVL, 10}, std::pair{TCP_KEEPCNT, 3}})
        ::setsockopt(socket, IPPROTO_TCP, option, &value, sizeof value);
}

/// Without it the system takes up to `net.ipv4.tcp_wmem[2]` bytes for a peer that reads slowly, 4 MiB. With
/// it, a write is taken while less than this is unsent, and there is room again for those who wait when less
/// than half of it is.
void bound_unsent(int socket, std::size_t bytes) noexcept {
    constexpr std::size_t most = 1U << 30U; // it is an int
    const auto value = static_cast<int>(std::min(bytes, most));
    if (value > 0) ::setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value);
}
#else
void find_dead_peers(int) noexcept {} // the system's own times for SO_KEEPALIVE
void bound_unsent(int, std::size_t) noexcept {}
#endif

bool is_private(const asio::ip::address_v4& address) noexcept {
    const auto bits = address.to_uint();
    return address.is_loopback() || bits >> 24U == 10 || bits >> 20U == 0xAC1 || bits >> 16U == 0xC0A8 ||
           bits >> 16U == 0xA9FE; // 10/8, 172.16/12, 192.168/16, 169.254/16
}

bool is_private(const asio::ip::address_v6& address) noexcept {
    if (address.is_v4_mapped()) return is_private(asio::ip::make_address_v4(asio::ip::v4_mapped, address));
    constexpr unsigned unique_local = 0xFC, prefix = 0xFE; // fc00::/7
    return address.is_loopback() || address.is_link_local() ||
           (address.to_bytes()[0] & prefix) == unique_local;
}

} // namespace

void close_on_exec(int socket) noexcept {
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
}

void prepare_for_streams(int listening, std::size_t unsent) noexcept {
    const int yes = 1;
    ::setsockopt(listening, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ::setsockopt(listening, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    find_dead_peers(listening);
    bound_unsent(listening, unsent);
}

#ifdef __linux__
std::size_t unacknowledged(int socket) noexcept {
    int bytes = 0;
    return ::ioctl(socket, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

bool leaves_unanswered(int socket, std::chrono::milliseconds time) noexcept {
    tcp_info now{};
    socklen_t size = sizeof now;
    return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &now, &size) == 0 &&
           (now.tcpi_retransmits > 0 || now.tcpi_probes > 0) &&
           std::chrono::milliseconds{now.tcpi_last_ack_recv} >= time;
}
#else
std::size_t unacknowledged(int) noexcept {
    return 0;
}
bool leaves_unanswered(int, std::chrono::milliseconds) noexcept {
    return false;
}
#endif

bool is_near(int socket) noexcept {
    asio::ip::tcp::endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    sockaddr_storage name{};
    if (::getpeername(socket, reinterpret_cast<sockaddr*>(&name), &size) != 0) return false;
    if (name.ss_family == AF_UNIX) return true;
    if (name.ss_family != AF_INET && name.ss_family != AF_INET6) return false;
    std::memcpy(peer.data(), &name, size);
    peer.resize(size);
    return is_near(peer.address());
}

bool is_near(const asio::ip::address& address) noexcept {
    return address.is_v4() ? is_private(address.to_v4()) : is_private(address.to_v6());
}

connected_socket take_connection(int listening, connected_socket::family kind,
                                 std::error_code& failure) noexcept {
#ifdef __linux__
    const int taken = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
#else
    const int taken = ::accept(listening, nullptr, nullptr);
    if (taken >= 0) close_on_exec(taken);
#endif
    failure = taken < 0 ? std::error_code{errno, std::system_category()} : std::error_code{};
    return {taken, kind};
}

bool connection_waits(int listening) noexcept {
    pollfd waiting{.fd = listening, .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, 0) == 1;
}

connected_socket::~connected_socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::error_code in_standard_terms(std::error_code code) noexcept {
    return code.category() == asio::error::get_system_category()
               ? std::error_code{code.value(), std::system_category()}
               : code;
}

std::optional<asio::generic::stream_protocol::endpoint> peer_of(int socket) noexcept {
    asio::generic::stream_protocol::endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    if (::getpeername(socket, peer.data(), &size) != 0) return std::nullopt;
    peer.resize(size);
    return peer;
}

connection_ends ends_with(const asio::generic::stream_protocol::endpoint& peer) noexcept {
    const auto family = peer.protocol().family();
    if (family != AF_INET && family != AF_INET6)
        return {peer_address::of_unix_socket(), peer_address::of_unix_socket()};
    asio::ip::tcp::endpoint endpoint;
    endpoint.resize(peer.size());
    std::memcpy(endpoint.data(), peer.data(), peer.size());
    const auto address = endpoint.address();
    const auto both = peer_address::of_ip(address.is_v4() ? ip_address::v4(address.to_v4().to_bytes())
                                                          : ip_address::v6(address.to_v6().to_bytes()),
                                          endpoint.port());
    return {both, both};
}

} // namespace rill::detail
