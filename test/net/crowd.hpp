#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

/// Hundreds of clients of event streams in one thread, made of nothing but POSIX calls.
namespace crowd {

[[noreturn]] inline void fail(const char* what) {
    throw std::system_error{errno, std::generic_category(), what};
}

/// Has the process open so many files, if the system lets it.
[[nodiscard]] inline bool can_open(std::size_t files) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= files) return true;
    limit.rlim_cur = std::min<rlim_t>(files, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur >= files;
}

/// What stands between two blank lines of a stream.
struct block {
    std::string_view id, type, data; ///< of the data only the last line
    bool has_id = false, has_data = false;
};

/// Takes an answer apart that is an event stream in chunks.
class stream_parser {
public:
    /// Gives each block in `bytes` to `on_block`, but for comments. Throws `std::runtime_error` if this is no
    /// such answer.
    template <typename F>
    void take(std::string_view bytes, F&& on_block) {
        raw_ += bytes;
        std::string_view raw{raw_};
        if (!has_head_) {
            const auto end = raw.find("\r\n\r\n");
            if (end == raw.npos) return;
            if (!raw.starts_with("HTTP/1.1 200 ")) throw std::runtime_error{"another answer: " + raw_};
            raw.remove_prefix(end + 4);
            has_head_ = true;
        }
        while (!complete_ && take_of_chunk(raw)) {
        }
        if (complete_ && !raw.empty()) throw std::runtime_error{"bytes behind the last chunk"};
        raw_.erase(0, raw_.size() - raw.size());
        std::string_view text{text_};
        while (skip_comment(text) || text.find("\n\n") != text.npos) {
            const auto end = text.find("\n\n");
            if (end == text.npos) continue;
            give(text.substr(0, end + 1), on_block);
            text.remove_prefix(end + 2);
        }
        if (complete_ && !text.empty()) throw std::runtime_error{"half an event"};
        text_.erase(0, text_.size() - text.size());
    }

    /// Whether the stream has ended as it should.
    [[nodiscard]] bool complete() const { return complete_; }

private:
    /// Whether it could take something: a size, data or the end of a chunk.
    bool take_of_chunk(std::string_view& raw) {
        if (in_chunk_ && left_ > 0) {
            const auto part = raw.substr(0, left_);
            text_ += part;
            left_ -= part.size();
            raw.remove_prefix(part.size());
            return !part.empty();
        }
        const auto end = raw.find("\r\n");
        if (end == raw.npos) return false;
        if (in_chunk_) {
            if (end != 0) throw std::runtime_error{"a chunk that does not end where it should"};
            in_chunk_ = false;
            complete_ = last_;
        } else {
            const char* const size = raw.data();
            const char* const size_end = size + end;
            const auto [stop, failure] = std::from_chars(size, size_end, left_, 16);
            if (failure != std::errc{} || stop != size_end)
                throw std::runtime_error{"a chunk without a size"};
            in_chunk_ = true;
            last_ = left_ == 0;
        }
        raw.remove_prefix(end + 2);
        return true;
    }

    /// A comment between two blocks is one line.
    static bool skip_comment(std::string_view& text) {
        const auto end = text.find('\n');
        if (!text.starts_with(':') || end == text.npos) return false;
        text.remove_prefix(end + 1);
        return true;
    }

    template <typename F>
    static void give(std::string_view lines, F&& on_block) {
        block result;
        while (!lines.empty()) {
            const auto end = lines.find('\n');
            const auto line = lines.substr(0, end);
            lines.remove_prefix(end + 1);
            if (line.starts_with("id: ")) {
                result.id = line.substr(4);
                result.has_id = true;
            } else if (line.starts_with("event: ")) {
                result.type = line.substr(7);
            } else if (line.starts_with("data: ")) {
                result.data = line.substr(6);
                result.has_data = true;
            }
        }
        if (!result.has_data) throw std::runtime_error{"a block without data"};
        on_block(std::as_const(result));
    }

    std::string raw_, text_; // bytes of the answer, and of the events in it, that are not taken yet
    std::size_t left_ = 0;   // of the chunk
    bool has_head_ = false, in_chunk_ = false, last_ = false, complete_ = false;
};

/// A client of one stream after the other.
class client {
public:
    client() = default;
    client(client&& other) noexcept
        : socket_{std::exchange(other.socket_, -1)}, parser_{std::move(other.parser_)} {}
    ~client() { close(); }

    /// Asks for `path`; with `receive_buffer` the system holds about so many bytes that were not read yet.
    void open(std::uint16_t port, std::string_view path, std::string_view last_event_id = {},
              int receive_buffer = 0) {
        close();
        parser_ = {};
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (socket_ < 0) fail("socket");
        if (receive_buffer > 0)
            ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(port);
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&where), sizeof where) < 0) fail("connect");
        std::string request = "GET ";
        request.append(path).append(" HTTP/1.1\r\nHost: test\r\n");
        if (!last_event_id.empty()) request.append("Last-Event-ID: ").append(last_event_id).append("\r\n");
        request += "\r\n";
        if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) < 0) fail("send");
        ::fcntl(socket_, F_SETFL, O_NONBLOCK);
    }

    enum class state { open, complete, cut };

    /// Reads what is there, at most so many bytes, and gives the blocks in it to `on_block`. The second of
    /// the results is how many bytes it read.
    template <typename F>
    std::pair<state, std::size_t> read(std::size_t most, F&& on_block) {
        std::array<char, 65536> space; // NOLINT: written before it is read
        const auto size = ::recv(socket_, space.data(), std::min(most, space.size()), 0);
        if (size < 0) return {errno == EAGAIN ? state::open : state::cut, 0};
        const auto count = static_cast<std::size_t>(size);
        parser_.take({space.data(), count}, on_block);
        if (parser_.complete()) return {state::complete, count};
        return {size == 0 ? state::cut : state::open, count};
    }

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

    [[nodiscard]] bool is_open() const { return socket_ >= 0; }
    [[nodiscard]] int socket() const { return socket_; }

private:
    int socket_ = -1;
    stream_parser parser_;
};

/// Tells which clients have something to read.
class watcher {
public:
    watcher() : poll_{::epoll_create1(EPOLL_CLOEXEC)} {
        if (poll_ < 0) fail("epoll_create1");
    }
    watcher(const watcher&) = delete;
    watcher& operator=(const watcher&) = delete;
    ~watcher() { ::close(poll_); }

    /// A client that closes is forgotten by itself.
    void add(const client& who, std::size_t number) {
        epoll_event interest{.events = EPOLLIN, .data = {.u64 = number}};
        if (::epoll_ctl(poll_, EPOLL_CTL_ADD, who.socket(), &interest) < 0) fail("epoll_ctl");
    }

    /// The numbers of those that have something to read, once there are some or `patience` is over.
    [[nodiscard]] std::vector<std::size_t> ready(std::chrono::milliseconds patience) {
        std::array<epoll_event, 256> events{};
        const auto count =
            ::epoll_wait(poll_, events.data(), events.size(), static_cast<int>(patience.count()));
        std::vector<std::size_t> numbers;
        for (int n = 0; n < count; ++n) {
            const std::uint64_t number = events[static_cast<std::size_t>(n)].data.u64; // in a packed struct
            numbers.push_back(number);
        }
        return numbers;
    }

private:
    int poll_;
};

/// The number in `<epoch>-<number>`, or in `"missed":<number>`.
[[nodiscard]] inline std::uint64_t number_behind(std::string_view text, std::string_view mark) {
    const auto at = text.find(mark);
    std::uint64_t number = 0;
    if (at == text.npos ||
        std::from_chars(text.data() + at + mark.size(), text.data() + text.size(), number).ec != std::errc{})
        throw std::runtime_error{"there is no number: " + std::string{text}};
    return number;
}

} // namespace crowd
