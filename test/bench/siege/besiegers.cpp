#include "besiegers.hpp"

#include "priority.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace siege {
namespace {

using namespace std::chrono_literals;

/// So many are opened in a millisecond until all are there.
constexpr std::size_t opened_at_a_time = 8;
/// So many are looked after in a millisecond, at least.
constexpr std::size_t looked_after = 64;

[[noreturn]] void fail(const char* what) {
    throw std::system_error{errno, std::generic_category(), what};
}

} // namespace

besiegers::besiegers(std::uint16_t port, std::vector<crowd> crowds)
    : port_{port},
      crowds_{std::move(crowds)},
      of_crowd_(crowds_.size()),
      owed_(crowds_.size()),
      poll_{::epoll_create1(EPOLL_CLOEXEC)} {
    if (poll_ < 0) fail("epoll_create1");
}

besiegers::~besiegers() {
    leave();
    ::close(poll_);
}

void besiegers::run(std::chrono::milliseconds time) {
    go_last();
    ticked_ = clock::now();
    for (const auto end = ticked_ + time; ticked_ < end;) {
        wait(1);
        tick(clock::now());
    }
}

void besiegers::gather() {
    const auto wanted = [this] {
        for (std::size_t n = 0; n < crowds_.size(); ++n)
            if (of_crowd_[n] < crowds_[n].connections) return true;
        return false;
    };
    for (int n = 0; wanted() && n < 5'000; ++n) run(2ms);
    run(100ms);
}

void besiegers::leave() {
    for (auto& each : all_)
        if (each.socket >= 0) close(each);
}

void besiegers::tick(clock::time_point now) {
    arrive(now);
    ticked_ = now;
    const auto count = std::min(all_.size(), std::max(looked_after, all_.size() / 100));
    for (std::size_t n = 0; n < count; ++n) {
        next_ = (next_ + 1) % all_.size();
        if (all_[next_].socket >= 0) look_after(all_[next_], now);
    }
}

void besiegers::arrive(clock::time_point now) {
    for (std::size_t n = 0; n < crowds_.size(); ++n) {
        const auto& crowd = crowds_[n];
        if (crowd.arrivals > 0) {
            // Never more than those of 20 ms at once, if we were held up.
            owed_[n] += crowd.arrivals * std::chrono::duration<double>{now - ticked_}.count();
            for (owed_[n] = std::min(owed_[n], crowd.arrivals / 50); owed_[n] >= 1; --owed_[n])
                open_one(n, now);
        } else {
            const auto missing = crowd.connections - of_crowd_[n];
            for (std::size_t k = 0; k < std::min(missing, opened_at_a_time); ++k) open_one(n, now);
        }
    }
}

void besiegers::open_one(std::size_t crowd, clock::time_point now) {
    if (free_.empty()) {
        free_.push_back(all_.size());
        all_.emplace_back();
    }
    const auto place = free_.back();
    auto& each = all_[place];
    const auto& habits = crowds_[crowd].habits;
    const auto* const does = &habits[opened_ % habits.size()];
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0) fail("socket");
    if (does->receive_buffer > 0)
        ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &does->receive_buffer, sizeof does->receive_buffer);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port_);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 &&
        errno != EINPROGRESS)
        fail("connect");
    epoll_event interest{.events = EPOLLOUT, .data = {.u64 = place}};
    if (::epoll_ctl(poll_, EPOLL_CTL_ADD, socket, &interest) < 0) fail("epoll_ctl");
    free_.pop_back();
    each = {.socket = socket, .crowd = static_cast<std::uint32_t>(crowd), .does = does, .opened = now};
    // Not all at the same time.
    each.next = now + does->every * static_cast<int>(opened_ % 97) / 97;
    ++opened_;
    ++open_;
    ++of_crowd_[crowd];
}

/// What is due by the clock.
void besiegers::look_after(connection& each, clock::time_point now) {
    const auto& does = *each.does;
    if (does.stays > 0ms && now - each.opened > does.stays) return close(each);
    if (!each.connected || does.every == 0ms || now < each.next) return;
    each.next = std::max(each.next + does.every, now);
    const auto at = each.sent % does.then.size();
    const auto count = std::min(does.piece, does.then.size() - at);
    const auto sent = ::send(each.socket, does.then.data() + at, count, MSG_NOSIGNAL);
    if (sent > 0) each.sent += static_cast<std::size_t>(sent);
}

void besiegers::wait(int milliseconds) {
    std::array<epoll_event, 256> events{};
    const auto count = ::epoll_wait(poll_, events.data(), events.size(), milliseconds);
    for (int n = 0; n < count; ++n) {
        const auto& event = events[static_cast<std::size_t>(n)];
        auto& each = all_[event.data.u64];
        if (each.socket < 0) continue;
        if ((event.events & (EPOLLERR | EPOLLHUP)) != 0 && (event.events & EPOLLIN) == 0) {
            ++ended_;
            close(each);
        } else if (!each.connected) {
            connected(each);
        } else {
            receive(each);
        }
    }
}

void besiegers::connected(connection& each) {
    const auto& does = *each.does;
    each.connected = true;
    if (!does.first.empty()) ::send(each.socket, does.first.data(), does.first.size(), MSG_NOSIGNAL);
    if (does.leaves_at_once) return close(each);
    const auto place = static_cast<std::size_t>(&each - all_.data());
    epoll_event interest{.events = does.reads ? EPOLLIN : 0U, .data = {.u64 = place}};
    ::epoll_ctl(poll_, EPOLL_CTL_MOD, each.socket, &interest);
}

void besiegers::receive(connection& each) {
    std::array<char, 65'536> space; // NOLINT: written before it is read
    const auto count = ::recv(each.socket, space.data(), space.size(), 0);
    if (count <= 0) {
        if (count < 0 && errno == EAGAIN) return;
        ++ended_;
        return close(each);
    }
    const std::string_view text{space.data(), static_cast<std::size_t>(count)};
    if (!std::exchange(each.answered, true) &&
        (text.starts_with("HTTP/1.1 503 ") || text.find("\nevent: refused\n") != text.npos))
        ++turned_away_;
}

void besiegers::close(connection& each) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(each.socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(std::exchange(each.socket, -1));
    free_.push_back(static_cast<std::size_t>(&each - all_.data()));
    --open_;
    --of_crowd_[each.crowd];
}

} // namespace siege
