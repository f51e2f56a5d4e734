#include "regular_client.hpp"

#include "priority.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace siege {
namespace {

using namespace std::chrono_literals;

constexpr auto pace = 2500us;           // between two requests
constexpr std::uint64_t publishing = 4; // each fourth one publishes
constexpr std::string_view page_request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::uint64_t now() noexcept {
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count());
}

[[noreturn]] void give_up(const char* what) {
    throw std::runtime_error{fmt::format("{}: {}", what, std::generic_category().message(errno))};
}

/// The size of the answer at the front of `bytes`, once all of it is there; 0 before.
std::size_t size_of_answer(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == bytes.npos) return 0;
    if (!bytes.starts_with("HTTP/1.1 20"))
        throw std::runtime_error{fmt::format("answered with {}", bytes.substr(0, bytes.find('\r')))};
    constexpr std::string_view field = "\r\nContent-Length: ";
    std::size_t body = 0;
    if (const auto at = bytes.find(field); at < end)
        std::from_chars(bytes.data() + at + field.size(), bytes.data() + end, body);
    return bytes.size() >= end + 4 + body ? end + 4 + body : 0;
}

} // namespace

channel::channel(std::uint16_t port, SSL_CTX* tls)
    : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int no_delay = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) give_up("connect");
    if (tls) {
        ssl_ = SSL_new(tls);
        SSL_set_fd(ssl_, socket_);
        if (SSL_connect(ssl_) != 1) give_up("handshake");
    }
    ::fcntl(socket_, F_SETFL, O_NONBLOCK);
}

channel::channel(channel&& other) noexcept
    : socket_{std::exchange(other.socket_, -1)}, ssl_{std::exchange(other.ssl_, nullptr)} {}

channel::~channel() {
    SSL_free(ssl_);
    if (socket_ >= 0) ::close(socket_);
}

void channel::send(std::string_view bytes) {
    const auto size = static_cast<int>(bytes.size());
    const auto sent = ssl_ ? SSL_write(ssl_, bytes.data(), size)
                           : static_cast<int>(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    if (sent != size) give_up("send");
}

void channel::receive(std::string& to) {
    std::array<char, 16'384> space; // NOLINT: written before it is read
    for (;;) {
        const auto size = ssl_ ? SSL_read(ssl_, space.data(), space.size())
                               : static_cast<int>(::recv(socket_, space.data(), space.size(), 0));
        if (size > 0) {
            to.append(space.data(), static_cast<std::size_t>(size));
            continue;
        }
        const bool later = ssl_ ? SSL_get_error(ssl_, size) == SSL_ERROR_WANT_READ
                                : size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        if (later) return;
        throw std::runtime_error{"the connection has ended"};
    }
}

void ask_once(std::uint16_t port, SSL_CTX* tls) {
    channel connection{port, tls};
    connection.send(page_request);
    std::string answer;
    for (const auto end = now() + 10'000'000'000; size_of_answer(answer) == 0;) {
        if (now() > end) throw std::runtime_error{"a new client is not answered"};
        connection.receive(answer);
        std::this_thread::sleep_for(1ms);
    }
}

regular_client::regular_client(std::uint16_t port, SSL_CTX* tls) : poll_{::epoll_create1(EPOLL_CLOEXEC)} {
    for (std::size_t number = 0; number < connections; ++number) {
        const auto& made = members_.emplace_back(member{.connection = {port, tls}, .unread = {}});
        epoll_event interest{.events = EPOLLIN, .data = {.u64 = number}};
        if (::epoll_ctl(poll_, EPOLL_CTL_ADD, made.connection.descriptor(), &interest) < 0)
            give_up("epoll_ctl");
    }
    members_.back().connection.send("GET /topics/regular HTTP/1.1\r\nHost: localhost\r\n\r\n");
    thread_ = std::jthread{[this](const std::stop_token& stopped) {
        go_first();
        try {
            run(stopped);
        } catch (const std::exception& why) {
            const std::lock_guard lock{mutex_};
            failure_ = fmt::format("a client that was there before: {}", why.what());
        }
        ::close(poll_);
    }};
}

void regular_client::clear() {
    const std::lock_guard lock{mutex_};
    times_.clear();
    came_ = 0;
    cleared_ = std::chrono::steady_clock::now();
}

std::chrono::nanoseconds regular_client::p99() {
    const std::lock_guard lock{mutex_};
    if (!failure_.empty()) throw std::runtime_error{failure_};
    const auto due = static_cast<std::size_t>((std::chrono::steady_clock::now() - cleared_) / pace);
    if (came_ < due * 9 / 10)
        throw std::runtime_error{fmt::format("of {} requests only {} were answered", due, came_)};
    return std::chrono::nanoseconds{times_.quantile(0.99)};
}

void regular_client::run(const std::stop_token& stopped) {
    auto due = now();
    while (!stopped.stop_requested()) {
        const auto time = now();
        if (time >= due) {
            waiting_.push_back(due);
            due += std::chrono::nanoseconds{pace}.count();
        }
        while (!waiting_.empty()) {
            const auto before = waiting_.size();
            ask();
            if (waiting_.size() == before) break;
        }
        const auto left = due > time ? due - time : 0;
        const timespec patience{.tv_sec = 0, .tv_nsec = static_cast<long>(left)};
        std::array<epoll_event, connections> ready{};
        const auto count = ::epoll_pwait2(poll_, ready.data(), ready.size(), &patience, nullptr);
        for (int n = 0; n < count; ++n) {
            const std::uint64_t number = ready[static_cast<std::size_t>(n)].data.u64; // in a packed struct
            auto& from = members_[number];
            from.connection.receive(from.unread);
            if (number + 1 == connections)
                take_events();
            else
                take_answer(from);
        }
    }
}

/// Sends the request that waits for longest, if a connection is free.
void regular_client::ask() {
    for (std::size_t n = 0; n + 1 < connections; ++n) {
        auto& member = members_[(asked_ + n) % (connections - 1)];
        if (member.due != 0) continue;
        member.due = waiting_.front();
        waiting_.pop_front();
        if (++asked_ % publishing == 0) {
            const auto body = fmt::format("{}", member.due);
            member.connection.send(fmt::format("POST /topics/regular HTTP/1.1\r\nHost: localhost\r\n"
                                               "Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}",
                                               body.size(), body));
        } else {
            member.connection.send(page_request);
        }
        return;
    }
}

void regular_client::take_answer(member& from) {
    const auto size = size_of_answer(from.unread);
    if (size == 0) return;
    from.unread.erase(0, size);
    note(std::exchange(from.due, 0));
}

/// Each event's data is when it was due.
void regular_client::take_events() {
    auto& unread = members_.back().unread;
    constexpr std::string_view mark = "\ndata: ";
    for (;;) {
        const auto at = unread.find(mark);
        const auto end = at == unread.npos ? at : unread.find('\n', at + mark.size());
        if (end == unread.npos) return;
        std::uint64_t due = 0;
        std::from_chars(unread.data() + at + mark.size(), unread.data() + end, due);
        if (due != 0) note(due); // a checkpoint has another data
        unread.erase(0, end);
    }
}

void regular_client::note(std::uint64_t due) {
    const auto time = now();
    const std::lock_guard lock{mutex_};
    times_.add(time - due, 1);
    ++came_;
}

} // namespace siege
