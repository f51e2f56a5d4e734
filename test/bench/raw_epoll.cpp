// The ceiling: what one thread of plain epoll reaches with the contract of bench_server. It knows no more of
// HTTP than the load needs, checks nothing, and is no model for anything.
//
// As it is, `POST /publish` sends the event to each subscriber before it is answered. With `--slice N` there
// is one log and a cursor per subscriber: the POST is answered first, N subscribers are served per turn of
// the loop, and each is given all that it lacks in one send. That is the ceiling for broadcast.
#include <algorithm>
#include <arpa/inet.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using namespace std::string_view_literals;

constexpr auto stream_head =
    "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/event-stream\r\n\r\n:\n"sv;
constexpr auto hello =
    "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 13\r\n\r\nHello, World!"sv;
constexpr auto published = "HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"sv;

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

/// A subscriber: what it has been sent of the log, as a count of bytes.
struct subscriber {
    int socket;
    bool full;
    std::uint64_t seen;
};

class ceiling {
public:
    ceiling(std::uint16_t port, std::size_t slice) : slice_{slice} {
        while (block_.size() < 64 * 1024) block_ += "data: tokentokentokentoken\n\n";
        const int yes = 1;
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(port);
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (::bind(listener_, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) die("bind");
        if (::listen(listener_, 4096) != 0) die("listen");
        watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
        std::printf("listening on http://127.0.0.1:%u\n", static_cast<unsigned>(port));
        std::fflush(stdout);
    }

    [[noreturn]] void run() {
        for (epoll_event ready[128];;) {
            const int count = ::epoll_wait(poll_, ready, 128, due_ > 0 ? 0 : -1);
            for (int i = 0; i < count; ++i) {
                const auto& event = ready[i];
                const int socket = event.data.fd;
                if (socket == listener_)
                    accept();
                else if ((event.events & EPOLLIN) != 0)
                    read(socket);
                else
                    on_writable(socket);
            }
            serve_slice();
        }
    }

private:
    void watch(int operation, int socket, std::uint32_t events) const {
        epoll_event interest{events, {.fd = socket}};
        ::epoll_ctl(poll_, operation, socket, &interest);
    }

    void accept() {
        for (int i = 0; i < 64; ++i) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (socket < 0) return;
            const int yes = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            watch(EPOLL_CTL_ADD, socket, EPOLLIN);
        }
    }

    void read(int socket) {
        const auto count = ::recv(socket, input_, sizeof input_, 0);
        if (count <= 0) return close(socket);
        std::string_view bytes{input_, static_cast<std::size_t>(count)};
        std::string whole; // what came before, where a request comes in pieces
        if (const auto found = partial_.find(socket); found != partial_.end()) {
            whole = std::move(found->second);
            partial_.erase(found);
            bytes = whole.append(bytes);
        }
        while (!bytes.empty()) {
            const auto used = answer(socket, bytes);
            if (used == 0) {
                partial_[socket].assign(bytes);
                return;
            }
            bytes.remove_prefix(used);
        }
    }

    /// Answers the first request in `bytes`, and returns its size; 0 if it is not all there.
    std::size_t answer(int socket, std::string_view bytes) {
        const auto head = bytes.find("\r\n\r\n"sv);
        if (head == bytes.npos) return 0;
        const auto begin = head + 4;
        if (bytes.starts_with("GET /h"sv)) {
            send(socket, hello);
        } else if (bytes.starts_with("POST"sv)) {
            const auto field = bytes.find("Content-Length: "sv);
            const auto length = static_cast<std::size_t>(std::atoi(bytes.data() + field + 16));
            if (bytes.size() < begin + length) return 0;
            publish(bytes.substr(begin, length));
            send(socket, published);
            return begin + length;
        } else {
            send(socket, stream_head);
            if (bytes.starts_with("GET /e"sv)) {
                subscribers_.push_back({socket, false, end()});
                place_of(socket) = static_cast<std::uint32_t>(subscribers_.size());
            }
            if (bytes.starts_with("GET /f"sv)) {
                firehoses_[socket] = 0;
                watch(EPOLL_CTL_MOD, socket, EPOLLIN | EPOLLOUT);
            }
        }
        return begin;
    }

    std::uint32_t& place_of(int socket) {
        const auto at = static_cast<std::size_t>(socket);
        if (at >= place_.size()) place_.resize(2 * at);
        return place_[at];
    }

    static std::size_t send(int socket, std::string_view bytes) {
        const auto count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return count > 0 ? static_cast<std::size_t>(count) : 0;
    }

    [[nodiscard]] std::uint64_t end() const noexcept { return begin_ + log_.size(); }

    void publish(std::string_view text) {
        if (due_ == 0 && slowest() == end()) { // all have all of it
            begin_ = end();
            log_.clear();
        }
        log_.append("data: "sv).append(text).append("\n\n"sv);
        due_ = subscribers_.size();
        if (slice_ == 0) serve(due_);
    }

    [[nodiscard]] std::uint64_t slowest() const noexcept {
        if (log_.size() < 1024 * 1024) return 0; // not worth a look
        auto least = end();
        for (const auto& each : subscribers_) least = std::min(least, each.seen);
        return least;
    }

    void serve_slice() {
        if (due_ > 0) serve(std::min(slice_, due_));
    }

    /// Serves the next `count` subscribers, round and round.
    void serve(std::size_t count) {
        due_ -= count;
        for (; count > 0; --count) {
            if (next_ >= subscribers_.size()) next_ = 0;
            send_rest(subscribers_[next_++]);
        }
    }

    void send_rest(subscriber& to) {
        if (to.full || to.seen == end()) return;
        const auto rest = std::string_view{log_}.substr(to.seen - begin_);
        const auto sent = send(to.socket, rest);
        to.seen += sent;
        to.full = sent < rest.size();
        if (to.full) watch(EPOLL_CTL_MOD, to.socket, EPOLLIN | EPOLLOUT);
    }

    void on_writable(int socket) {
        if (const auto at = firehoses_.find(socket); at != firehoses_.end()) {
            at->second =
                (at->second + send(socket, std::string_view{block_}.substr(at->second))) % block_.size();
            return;
        }
        const auto place = place_of(socket);
        if (place == 0) return close(socket);
        watch(EPOLL_CTL_MOD, socket, EPOLLIN);
        auto& subscriber = subscribers_[place - 1];
        subscriber.full = false;
        send_rest(subscriber);
    }

    void close(int socket) {
        if (const auto place = std::exchange(place_of(socket), 0); place > 0) {
            auto& last = subscribers_.back();
            if (last.socket != socket) place_of(last.socket) = place;
            subscribers_[place - 1] = last;
            subscribers_.pop_back();
            due_ = std::min(due_, subscribers_.size());
        }
        firehoses_.erase(socket);
        partial_.erase(socket);
        ::close(socket);
    }

    const std::size_t slice_;
    int poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    std::vector<subscriber> subscribers_;
    std::vector<std::uint32_t> place_; ///< in `subscribers_`, counted from 1, by the socket's number
    std::unordered_map<int, std::size_t> firehoses_;
    std::unordered_map<int, std::string> partial_;
    std::size_t next_ = 0; ///< whose turn it is
    std::size_t due_ = 0;  ///< so many have not been looked at since the last event
    std::string log_;
    std::uint64_t begin_ = 0; ///< of the log
    std::string block_;
    char input_[128 * 1024];
};

} // namespace

int main(int argc, char** argv) {
    std::size_t slice = 0;
    int port = 5800;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (argv[i] == "--port"sv) port = std::atoi(argv[i + 1]);
        if (argv[i] == "--slice"sv) slice = static_cast<std::size_t>(std::atoi(argv[i + 1]));
    }
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    static ceiling server{static_cast<std::uint16_t>(port), slice};
    server.run();
}
