#pragma once

#include "stream_reader.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <vector>

namespace load {

/// A connection to the server, closed with a reset: a run leaves no port behind in TIME_WAIT.
class socket_to_server {
public:
    /// Throws `std::system_error`. `number` spreads them over several addresses of the loopback interface,
    /// since one address has 28,000 ports for a server.
    socket_to_server(std::uint16_t port, std::size_t number);
    socket_to_server(socket_to_server&& other) noexcept;
    socket_to_server& operator=(socket_to_server&&) = delete;
    ~socket_to_server();

    [[nodiscard]] int descriptor() const noexcept { return socket_; }
    /// All of it; throws if it does not fit into the socket's buffer.
    void send(std::string_view bytes) const;

private:
    int socket_;
};

/// Many connections that are read by one thread.
class fleet {
public:
    explicit fleet(std::uint16_t port) : port_{port} {}
    fleet(const fleet&) = delete;
    fleet& operator=(const fleet&) = delete;
    ~fleet();

    [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }

    /// Adds `count` connections, each of which asks for `path`, and waits until the heads of all answers have
    /// come. Throws if that takes more than a minute.
    void open(std::size_t count, std::string_view path);

    /// The first `count` are not read any more.
    void neglect(std::size_t count) const;

    /// Waits up to `milliseconds` for bytes, reads a batch of connections once, and calls
    /// `visit(number, bytes of the body)` for each. Throws if one of them ends.
    template <typename Visit>
    void read(int milliseconds, Visit visit) {
        const int count = ::epoll_wait(poll_, ready_.data(), static_cast<int>(ready_.size()), milliseconds);
        for (int i = 0; i < count; ++i) {
            const auto number = ready_[static_cast<std::size_t>(i)].data.u64;
            if (const auto bytes = receive(number); !bytes.empty()) visit(number, bytes);
        }
    }

private:
    struct member {
        socket_to_server socket;
        stream_reader reader{};
    };

    [[nodiscard]] std::string_view receive(std::size_t number);

    std::uint16_t port_;
    int poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::size_t open_ = 0;
    std::vector<member> members_;
    std::array<epoll_event, 64> ready_{};
    std::string space_ = std::string(256 * 1024, '\0');
};

} // namespace load
