#pragma once

#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace support {

/// A client made of nothing but POSIX calls, so that none of the server's code checks itself. Its calls
/// block, for ten seconds at most: only a server that hangs takes so long, and then they throw, as they do
/// after a reset.
class socket_client {
public:
    /// Connects to a `url` as `rill::server` gives it. With `receive_buffer` the system holds about so many
    /// bytes that were not received yet.
    explicit socket_client(std::string_view url, int receive_buffer = 0) {
        if (url.starts_with("unix:"))
            connect_to_path(url.substr(5));
        else
            connect_to_address(url.substr(7), receive_buffer);
        const timeval patience{.tv_sec = 10, .tv_usec = 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    }
    socket_client(socket_client&& other) noexcept
        : socket_{std::exchange(other.socket_, -1)}, unread_{std::move(other.unread_)} {}
    ~socket_client() { close(); }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) fail("send");
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    /// Some bytes, at most so many; none at the end.
    std::string receive(std::size_t most = 65536) {
        std::string bytes;
        if (!unread_.empty()) {
            bytes = unread_.substr(0, most);
            unread_.erase(0, bytes.size());
            return bytes;
        }
        bytes.resize(most);
        const auto size = ::recv(socket_, bytes.data(), bytes.size(), 0);
        if (size < 0) fail("recv");
        bytes.resize(static_cast<std::size_t>(size));
        return bytes;
    }

    /// All up to and with the next `mark`.
    std::string until(std::string_view mark) {
        std::string all;
        for (;;) {
            const auto from = all.size() < mark.size() ? 0 : all.size() - mark.size();
            const auto more = receive();
            if (more.empty()) throw std::runtime_error{"the connection has ended: " + all};
            all += more;
            if (const auto found = all.find(mark, from); found != all.npos) {
                unread_ = all.substr(found + mark.size());
                all.resize(found + mark.size());
                return all;
            }
        }
    }

    /// All up to the end.
    std::string rest() {
        std::string all;
        for (auto more = receive(); !more.empty(); more = receive()) all += more;
        return all;
    }

    /// Sends no more, and says so.
    void finish() { ::shutdown(socket_, SHUT_WR); }

    [[nodiscard]] int descriptor() const { return socket_; }

    /// Leaves as a process that ends does.
    void close() {
        if (const auto socket = std::exchange(socket_, -1); socket >= 0) ::close(socket);
    }

    /// Leaves with a reset.
    void reset() {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }

private:
    [[noreturn]] static void fail(const char* what) {
        throw std::system_error{errno, std::generic_category(), what};
    }

    void open(int family) {
        socket_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (socket_ < 0) fail("socket");
    }

    template <typename Address>
    void connect(const Address& address) {
        sockaddr_storage storage{};
        std::memcpy(&storage, &address, sizeof address);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&storage), sizeof address) < 0) {
            const auto cause = errno;
            close();
            errno = cause;
            fail("connect");
        }
    }

    void connect_to_path(std::string_view path) {
        open(AF_UNIX);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        connect(address);
    }

    void connect_to_address(std::string_view authority, int receive_buffer) {
        const auto colon = authority.rfind(':');
        std::uint16_t port = 0;
        std::from_chars(authority.data() + colon + 1, authority.data() + authority.size(), port);
        const bool six = authority.starts_with('[');
        open(six ? AF_INET6 : AF_INET);
        if (receive_buffer > 0)
            ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        const int no_delay = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
        if (six) {
            sockaddr_in6 address{};
            address.sin6_family = AF_INET6;
            address.sin6_port = htons(port);
            ::inet_pton(AF_INET6, std::string{authority.substr(1, colon - 2)}.c_str(), &address.sin6_addr);
            connect(address);
        } else {
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_port = htons(port);
            ::inet_pton(AF_INET, std::string{authority.substr(0, colon)}.c_str(), &address.sin_addr);
            connect(address);
        }
    }

    int socket_ = -1;
    std::string unread_;
};

} // namespace support
