#include "client/scripted_server.hpp"

#include <rill/base/text.hpp>

#include "support/socket_client.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace scripted {
namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error{errno, std::generic_category(), what};
}

/// Passes on at most `left` bytes, and takes them off that. False if one of both has left.
bool pass(int from, int to, std::size_t& left) {
    std::array<char, 16384> bytes;
    const auto size = ::recv(from, bytes.data(), std::min(left, bytes.size()), 0);
    if (size <= 0) return false;
    left -= static_cast<std::size_t>(size);
    return ::send(to, bytes.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) == size;
}

std::string words(const std::exception& cause) {
    return std::string{cause.what()} + "\n";
}

} // namespace

void gate::open() {
    const std::lock_guard lock{mutex_};
    open_ = true;
    changed_.notify_all();
}

void gate::wait() {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, patience, [this] { return open_; }))
        throw std::runtime_error{"nobody opened the gate"};
}

connection::connection(int socket, std::function<void(const std::string&)> on_request)
    : socket_{socket}, on_request_{std::move(on_request)} {
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval bound{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
}

connection::~connection() {
    if (socket_ >= 0) ::close(socket_);
}

std::string connection::request() {
    auto whole = until("\r\n\r\n");
    if (whole.empty()) return whole;
    if (const auto length = field(whole, "Content-Length"); !length.empty())
        whole += exactly(rill::parse<std::size_t>(length).value());
    on_request_(whole);
    return whole;
}

std::string connection::until(std::string_view mark) {
    for (;;) {
        if (const auto at = unread_.find(mark); at != unread_.npos) return exactly(at + mark.size());
        if (receive()) continue;
        if (unread_.empty()) return {};
        throw std::runtime_error{"the client has left in the middle of: " + unread_};
    }
}

std::string connection::exactly(std::size_t size) {
    while (unread_.size() < size)
        if (!receive()) throw std::runtime_error{"the client has left in the middle of its request"};
    auto found = unread_.substr(0, size);
    unread_.erase(0, size);
    return found;
}

std::string connection::some() {
    if (unread_.empty()) (void)receive();
    return std::exchange(unread_, {});
}

bool connection::receive() {
    std::array<char, 16384> bytes;
    const auto size = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (size < 0 && errno != ECONNRESET) fail("recv");
    if (size <= 0) return false;
    unread_.append(bytes.data(), static_cast<std::size_t>(size));
    return true;
}

void connection::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) fail("send");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool connection::trickle(std::string_view bytes, std::chrono::milliseconds pause) {
    for (const char byte : bytes) {
        if (::send(socket_, &byte, 1, MSG_NOSIGNAL) < 0) return false;
        pollfd leaving{.fd = socket_, .events = POLLIN, .revents = 0};
        if (::poll(&leaving, 1, static_cast<int>(pause.count())) != 0) return false;
    }
    return true;
}

traffic connection::relay(std::uint16_t port, const traffic& most) {
    const support::socket_client upstream{"http://127.0.0.1:" + std::to_string(port)};
    std::array both{pollfd{.fd = socket_, .events = POLLIN, .revents = 0},
                    pollfd{.fd = upstream.descriptor(), .events = POLLIN, .revents = 0}};
    auto left = most;
    for (bool there = true; there && left.from_client > 0 && left.to_client > 0;) {
        if (::poll(both.data(), both.size(), -1) < 0) fail("poll");
        if (both[0].revents != 0) there = pass(both[0].fd, both[1].fd, left.from_client);
        if (both[1].revents != 0 && left.from_client > 0)
            there = pass(both[1].fd, both[0].fd, left.to_client) && there;
    }
    return {most.from_client - left.from_client, most.to_client - left.to_client};
}

void connection::finish() {
    ::shutdown(socket_, SHUT_WR);
    if (!is_left()) throw std::runtime_error{"the client does not leave"};
}

bool connection::is_left() {
    std::array<char, 16384> bytes;
    for (;;) {
        const auto size = ::recv(socket_, bytes.data(), bytes.size(), 0);
        if (size == 0) return true;
        if (size < 0) return errno != EAGAIN && errno != EWOULDBLOCK;
    }
}

void connection::reset() {
    const std::lock_guard lock{closing_};
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(std::exchange(socket_, -1));
}

void connection::hold_little() {
    const int size = 4096;
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

void connection::cut() {
    const std::lock_guard lock{closing_};
    if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

server::server(std::vector<script> scripts)
    : scripts_{std::move(scripts)}, listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, any, size) != 0 || ::listen(listener_, 64) != 0) fail("listen");
    ::getsockname(listener_, any, &size);
    port_ = ntohs(address.sin_port);
    listening_ = std::thread{[this] { listen(); }};
}

server::~server() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        for (const auto& open : connections_) open->cut();
    }
    ::shutdown(listener_, SHUT_RDWR);
    listening_.join();
    for (auto& player : players_) player.join();
    ::close(listener_);
    CHECK(failures_ == "");
}

std::string server::authority() const {
    return "127.0.0.1:" + std::to_string(port_);
}

std::string server::url(std::string_view path) const {
    return "http://" + authority() + std::string{path};
}

void server::listen() {
    for (;;) {
        const auto socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const std::lock_guard lock{mutex_};
        if (socket < 0 || stopping_) {
            if (socket >= 0) ::close(socket);
            return;
        }
        const auto number = std::min(connections_.size(), scripts_.size() - 1);
        auto made = std::make_shared<connection>(socket, [this](const std::string& request) {
            const std::lock_guard noting{mutex_};
            requests_.push_back(request);
            changed_.notify_all();
        });
        connections_.push_back(made);
        changed_.notify_all();
        players_.emplace_back([this, made, number] { play(made, scripts_[number]); });
    }
}

void server::play(const std::shared_ptr<connection>& on, const script& what) {
    try {
        what(*on);
    } catch (const std::exception& cause) {
        const std::lock_guard lock{mutex_};
        if (!stopping_) failures_ += words(cause);
    }
    const std::lock_guard lock{on->closing_};
    if (on->socket_ >= 0) ::close(std::exchange(on->socket_, -1));
}

std::vector<std::string> server::requests() const {
    const std::lock_guard lock{mutex_};
    return requests_;
}

std::string server::request(std::size_t number) const {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, patience, [&] { return requests_.size() > number; }))
        throw std::runtime_error{"there is no request " + std::to_string(number)};
    return requests_[number];
}

std::size_t server::connections() const {
    const std::lock_guard lock{mutex_};
    return connections_.size();
}

std::string response(unsigned status, std::string_view fields, std::string_view body) {
    return "HTTP/1.1 " + std::to_string(status) + " Whatever\r\n" + std::string{fields} +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

std::string stream(std::string_view fields) {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + std::string{fields} + "\r\n";
}

std::string chunk(std::string_view bytes) {
    std::array<char, 16> size;
    auto* const end = std::to_chars(size.begin(), size.end(), bytes.size(), 16).ptr;
    return std::string{size.begin(), end} + "\r\n" + std::string{bytes} + "\r\n";
}

server::script answer(std::string bytes) {
    return [bytes = std::move(bytes)](connection& c) {
        while (!c.request().empty()) c.send(bytes);
    };
}

server::script events(std::string events) {
    return [events = std::move(events)](connection& c) {
        if (c.request().empty()) return;
        c.send(stream() + events);
        c.finish();
    };
}

server::script endless(std::string events, std::string_view fields) {
    return [bytes = stream(fields) + std::move(events)](connection& c) {
        if (c.request().empty()) return;
        c.send(bytes);
        if (!c.is_left()) throw std::runtime_error{"the client does not leave"};
    };
}

std::string field(std::string_view request, std::string_view name) {
    for (auto left = request.substr(request.find("\r\n") + 2); !left.starts_with("\r\n");) {
        const auto line = left.substr(0, left.find("\r\n"));
        left.remove_prefix(line.size() + 2);
        const auto colon = line.find(':');
        if (colon != line.npos && rill::equals_ignoring_case(line.substr(0, colon), name))
            return std::string{rill::trim(line.substr(colon + 1))};
    }
    return {};
}

std::size_t count(std::string_view request, std::string_view name) {
    std::size_t found = 0;
    for (auto left = request.substr(request.find("\r\n") + 2); !left.starts_with("\r\n");) {
        const auto line = left.substr(0, left.find("\r\n"));
        left.remove_prefix(line.size() + 2);
        if (rill::equals_ignoring_case(line.substr(0, line.find(':')), name)) ++found;
    }
    return found;
}

std::string body(std::string_view request) {
    return std::string{request.substr(request.find("\r\n\r\n") + 4)};
}

} // namespace scripted
