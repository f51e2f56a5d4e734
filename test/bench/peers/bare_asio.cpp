// What plain Asio coroutines reach: the servers of peers.py's contract with nothing between the socket and
// the handler. It reads no more of a request than it needs, so it is a measure and not a server for the open
// network.
#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/basic_waitable_timer.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace {

// The executor's own type: any_io_executor would ask a virtual function for each step.
using executor = asio::io_context::executor_type;
using tcp = asio::ip::tcp;
using tcp_socket = asio::basic_stream_socket<tcp, executor>;
using clock_type = std::chrono::steady_clock;
using timer = asio::basic_waitable_timer<clock_type, asio::wait_traits<clock_type>, executor>;
template <typename T>
using awaitable = asio::awaitable<T, executor>;
constexpr asio::use_awaitable_t<executor> use_awaitable;

constexpr int backlog = 4096;
constexpr std::size_t longest_head = 8 * 1024;
constexpr std::size_t longest_body = 64 * 1024;
constexpr std::size_t longest_queue = 1024; // frames; who lets more pile up is cut off
constexpr int block = 64;                   // events of the firehose in a write

constexpr std::string_view hello =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\nHello, World!";
constexpr std::string_view published = "HTTP/1.1 204 No Content\r\n\r\n";
constexpr std::string_view not_found = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    "Transfer-Encoding: chunked\r\n\r\n";

std::string chunk(std::string_view bytes) {
    return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

/// An event as all its subscribers get it, in a chunk.
using frame = std::shared_ptr<const std::string>;

/// A stream that waits. The handler that watches its client holds it too, so whoever ends it closes the
/// socket.
struct stream {
    explicit stream(tcp_socket from) : socket{std::move(from)} {}

    tcp_socket socket;
    timer wake{socket.get_executor(), clock_type::time_point::max()};
    std::vector<frame> queue; // for the next write
    bool left = false;
};

/// Wakes the stream when its client leaves, or sends what it should not.
void watch(const std::shared_ptr<stream>& self) {
    self->socket.async_wait(tcp_socket::wait_read, [self](std::error_code) {
        self->left = true;
        self->wake.cancel();
    });
}

class topic {
public:
    void join(stream& subscriber) { subscribers_.push_back(&subscriber); }
    void leave(stream& subscriber) { std::erase(subscribers_, &subscriber); }

    void publish(std::string_view data) {
        const auto event = std::make_shared<const std::string>(chunk(fmt::format("data: {}\n\n", data)));
        for (auto* const each : subscribers_) {
            if (each->queue.size() == longest_queue) {
                std::error_code ignored;
                each->socket.close(ignored);
                continue;
            }
            each->queue.push_back(event);
            if (each->queue.size() == 1) each->wake.cancel(); // those who write look at the queue afterwards
        }
    }

private:
    std::vector<stream*> subscribers_;
};

/// Closes a stream at the end of its coroutine, and takes it out of its topic if it has one.
struct closing {
    closing(stream& which, topic* where) : self{which}, news{where} {
        if (news) news->join(self);
    }
    ~closing() {
        if (news) news->leave(self);
        std::error_code ignored;
        self.socket.close(ignored);
    }
    closing(const closing&) = delete;
    closing& operator=(const closing&) = delete;

    stream& self;
    topic* news;
};

awaitable<void> wait(stream& self) {
    std::error_code cancelled;
    co_await self.wake.async_wait(asio::redirect_error(use_awaitable, cancelled));
}

awaitable<void> events(topic& news, tcp_socket socket) try {
    const auto self = std::make_shared<stream>(std::move(socket));
    const closing at_end{*self, &news};
    watch(self);
    co_await asio::async_write(self->socket, asio::buffer(stream_head), use_awaitable);
    std::vector<frame> frames;
    std::vector<asio::const_buffer> buffers;
    while (!self->left) {
        if (self->queue.empty()) {
            co_await wait(*self);
            continue;
        }
        frames.swap(self->queue);
        for (const auto& each : frames) buffers.push_back(asio::buffer(*each));
        co_await asio::async_write(self->socket, std::span<const asio::const_buffer>{buffers}, use_awaitable);
        buffers.clear();
        frames.clear();
    }
} catch (const std::system_error&) { // the client has left
}

awaitable<void> quiet(tcp_socket socket) try {
    const auto self = std::make_shared<stream>(std::move(socket));
    const closing at_end{*self, nullptr};
    watch(self);
    const auto first = fmt::format("{}{}", stream_head, chunk(":\n"));
    co_await asio::async_write(self->socket, asio::buffer(first), use_awaitable);
    self->wake.expires_after(std::chrono::hours{1});
    co_await wait(*self);
} catch (const std::system_error&) { // the client has left
}

awaitable<void> firehose(tcp_socket socket) try {
    std::string blocks;
    for (int i = 0; i < block; ++i) blocks += "data: tokentokentokentoken\n\n";
    blocks = chunk(blocks);
    co_await asio::async_write(socket, asio::buffer(stream_head), use_awaitable);
    for (;;) co_await asio::async_write(socket, asio::buffer(blocks), use_awaitable);
} catch (const std::system_error&) { // the client has left
}

/// The length of the body that follows a head: 0 without a Content-Length that can be read.
std::size_t content_length(std::string_view head) {
    constexpr std::string_view name = "\r\ncontent-length:";
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
    const auto found = std::ranges::search(head, name, {}, lower);
    if (found.empty()) return 0;
    auto value = head.substr(static_cast<std::size_t>(found.end() - head.begin()));
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    std::size_t length = 0;
    std::from_chars(value.data(), value.data() + value.size(), length);
    return length;
}

/// Answers requests until one asks for a stream, which goes on in a coroutine of its own, or the client
/// leaves.
awaitable<void> serve(topic& news, tcp_socket socket) try {
    socket.set_option(tcp::no_delay{true});
    const auto spawn = [on = socket.get_executor()](awaitable<void> rest) {
        asio::co_spawn(on, std::move(rest), asio::detached);
    };
    std::string in;
    for (;;) {
        const auto head_size = co_await asio::async_read_until(
            socket, asio::dynamic_buffer(in, longest_head + longest_body), "\r\n\r\n", use_awaitable);
        const auto head = std::string_view{in}.substr(0, head_size);
        const auto asked = head.substr(0, head.find(" HTTP/")); // GET /hello
        auto answer = not_found;
        std::size_t size = head_size;
        if (asked == "GET /events") co_return spawn(events(news, std::move(socket)));
        if (asked == "GET /quiet") co_return spawn(quiet(std::move(socket)));
        if (asked == "GET /firehose") co_return spawn(firehose(std::move(socket)));
        if (asked == "GET /hello") answer = hello;
        if (asked == "POST /publish") {
            const auto length = content_length(head);
            if (length > longest_body) co_return;
            size += length;
            if (const auto here = in.size(); here < size)
                co_await asio::async_read(socket, asio::dynamic_buffer(in),
                                          asio::transfer_exactly(size - here), use_awaitable);
            news.publish(std::string_view{in}.substr(head_size, length));
            answer = published;
        }
        in.erase(0, size);
        co_await asio::async_write(socket, asio::buffer(answer), use_awaitable);
    }
} catch (const std::system_error&) { // the client has left
}

awaitable<void> accept_all(topic& news, asio::basic_socket_acceptor<tcp, executor>& acceptor) {
    for (;;) {
        auto socket = co_await acceptor.async_accept(use_awaitable);
        asio::co_spawn(acceptor.get_executor(), serve(news, std::move(socket)), asio::detached);
    }
}

} // namespace

int main(int argc, char** argv) try {
    std::uint16_t port = 0;
    const std::vector<std::string_view> args{argv + 1, argv + argc};
    if (args.size() != 2 || args[0] != "--port" ||
        std::from_chars(args[1].begin(), args[1].end(), port).ec != std::errc{}) {
        fmt::print(stderr, "usage: bare_asio --port N\n");
        return 2;
    }
    topic news;
    asio::io_context context{1};
    asio::basic_socket_acceptor<tcp, executor> acceptor{context, tcp::v4()};
    acceptor.set_option(tcp::acceptor::reuse_address{true});
    acceptor.bind({asio::ip::address_v4::loopback(), port});
    acceptor.listen(backlog);
    fmt::print("listening on http://127.0.0.1:{}\n", acceptor.local_endpoint().port());
    std::fflush(stdout);
    asio::co_spawn(context, accept_all(news, acceptor), [](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error); // out of file descriptors, say
    });
    context.run();
} catch (const std::exception& error) {
    fmt::print(stderr, "bare_asio: {}\n", error.what());
    return 1;
}
