#include "fleet.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace load {
namespace {

/// So many may wait for their answer while others connect: less than the server's backlog.
constexpr std::size_t most_unanswered = 512;
/// So many come from one address: it has 28,000 ports for a server.
constexpr std::size_t connections_each = 10'000;

[[noreturn]] void fail(const char* what) {
    throw std::system_error{errno, std::system_category(), what};
}

sockaddr_in loopback(std::uint32_t host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host);
    return address;
}

} // namespace

socket_to_server::socket_to_server(std::uint16_t port, std::size_t number)
    : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    if (socket_ < 0) fail("socket");
    if (const auto host = number / connections_each; host > 0) {
        const int yes = 1;
        ::setsockopt(socket_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
        const auto from = loopback(static_cast<std::uint32_t>(host), 0);
        if (::bind(socket_, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) fail("bind");
    }
    const auto to = loopback(0, port);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail("connect");
}

socket_to_server::socket_to_server(socket_to_server&& other) noexcept
    : socket_{std::exchange(other.socket_, -1)} {}

socket_to_server::~socket_to_server() {
    if (socket_ < 0) return;
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(socket_);
}

void socket_to_server::send(std::string_view bytes) const {
    if (::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
        fail("send");
}

fleet::~fleet() {
    ::close(poll_);
}

void fleet::open(std::size_t count, std::string_view path) {
    using clock = std::chrono::steady_clock;
    const auto deadline = clock::now() + std::chrono::minutes{1};
    const auto request =
        fmt::format("GET {} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n", path);
    const auto all = members_.size() + count;
    members_.reserve(all);
    const auto ignore = [](std::size_t, std::string_view) {};
    while (open_ < all) {
        if (members_.size() < all && members_.size() - open_ < most_unanswered) {
            const auto number = members_.size();
            const auto& socket = members_.emplace_back(socket_to_server{port_, number}).socket;
            epoll_event interest{EPOLLIN, {.u64 = number}};
            if (::epoll_ctl(poll_, EPOLL_CTL_ADD, socket.descriptor(), &interest) != 0) fail("epoll_ctl");
            socket.send(request);
            if (number % 64 != 0) continue;
            read(0, ignore);
        } else {
            read(1'000, ignore);
        }
        if (clock::now() > deadline)
            throw std::runtime_error{fmt::format("of {} connections only {} were answered", all, open_)};
    }
}

void fleet::neglect(std::size_t count) const {
    for (std::size_t number = 0; number < count; ++number)
        ::epoll_ctl(poll_, EPOLL_CTL_DEL, members_[number].socket.descriptor(), nullptr);
}

std::string_view fleet::receive(std::size_t number) {
    auto& [socket, reader] = members_[number];
    const auto count = ::recv(socket.descriptor(), space_.data(), space_.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return {};
    if (count <= 0) throw std::runtime_error{fmt::format("connection {} has ended", number)};
    const bool was_open = reader.open();
    const auto body = reader.take({space_.data(), static_cast<std::size_t>(count)});
    if (!was_open && reader.open()) ++open_;
    return body;
}

} // namespace load
