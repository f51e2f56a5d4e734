#include <rill/net/detail/socket_options.hpp>

#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace rill::detail {
namespace {

#ifdef __linux__
/// A peer that is dead without a word is found out in a minute: by probes where nothing is under way, and by
/// the acknowledgement that does not come (TCP_USER_TIMEOUT) where something is.
void find_dead_peers(int socket, std::chrono::milliseconds user_timeout) noexcept {
    constexpr std::chrono::milliseconds longest =
        std::chrono::hours{24}; // the system's own bound, and an int
    for (const auto& [option, value] :
         {std::pair{TCP_KEEPIDLE, 30}, std::pair{TCP_KEEPINTVL, 10}, std::pair{TCP_KEEPCNT, 3},
          std::pair{TCP_USER_TIMEOUT, static_cast<int>(std::min(user_timeout, longest).count())}})
        ::setsockopt(socket, IPPROTO_TCP, option, &value, sizeof value);
}
#else
void find_dead_peers(int, std::chrono::milliseconds) noexcept {} // the system's own times for SO_KEEPALIVE
#endif

} // namespace

void close_on_exec(int socket) noexcept {
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
}

void prepare_for_streams(int listening, std::chrono::milliseconds user_timeout) noexcept {
    const int yes = 1;
    ::setsockopt(listening, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ::setsockopt(listening, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    find_dead_peers(listening, user_timeout);
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

connected_socket::~connected_socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::error_code in_standard_terms(std::error_code code) noexcept {
    return code.category() == asio::error::get_system_category()
               ? std::error_code{code.value(), std::system_category()}
               : code;
}

std::string address_of(const asio::generic::stream_protocol::endpoint& peer) {
    const auto family = peer.protocol().family();
    if (family != AF_INET && family != AF_INET6) return "unix";
    asio::ip::tcp::endpoint endpoint;
    endpoint.resize(peer.size());
    std::memcpy(endpoint.data(), peer.data(), peer.size());
    return endpoint.address().is_v6()
               ? fmt::format("[{}]:{}", endpoint.address().to_string(), endpoint.port())
               : fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
}

} // namespace rill::detail
