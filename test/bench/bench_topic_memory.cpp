// What topics and their subscribers cost: bytes of heap in a server with one topic and 15,000 subscribers
// over TCP, and with 15,000 topics that have one subscriber each, for each form of handler. The baseline is a
// socket of Asio that is kept and watched and nothing else. The clients are another process: each end has its
// file descriptors.
#include <rill/rill.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <malloc.h>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

constexpr int warm_up = 100; // what is made once, and kept for reuse

[[noreturn]] void give_up(std::string_view what) {
    fmt::print(stderr, "cannot {}\n", what);
    std::_Exit(1);
}

/// As many as there may be descriptors for in one process, 15,000 at most.
int connections() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 20'000);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return std::min(15'000, static_cast<int>(limit.rlim_cur) - warm_up - 100);
}

long live_bytes() {
    return static_cast<long>(mallinfo2().uordblks);
}

/// Whole values through a pipe or a socket pair.
template <typename T>
void put(int to, const T& value) {
    if (::write(to, &value, sizeof value) != sizeof value) give_up("write");
}
template <typename T>
T get(int from) {
    T value{};
    if (::read(from, &value, sizeof value) != sizeof value) give_up("read");
    return value;
}

/// Clients in a process of their own. They read the first bytes of their answers, and stay.
class clients {
public:
    /// To be made before there are threads.
    clients() {
        std::array<int, 2> pair{};
        if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) != 0) give_up("open a socket pair");
        process_ = ::fork();
        if (process_ == 0) {
            ::close(pair[0]);
            serve_orders(pair[1]);
        }
        ::close(pair[1]);
        orders_ = pair[0];
    }
    clients(const clients&) = delete;
    clients& operator=(const clients&) = delete;
    ~clients() {
        ::close(orders_);
        ::waitpid(process_, nullptr, 0);
    }

    /// Opens so many more, and waits until they have their answers.
    void open(std::uint16_t port, int count) {
        put(orders_, order{port, count});
        get<bool>(orders_);
    }

private:
    struct order {
        std::uint16_t port;
        int count;
    };

    [[noreturn]] static void serve_orders(int from) {
        std::vector<int> open;
        order next{};
        while (::read(from, &next, sizeof next) == sizeof next) {
            for (int i = 0; i < next.count; ++i) open.push_back(connect(next.port, open.size()));
            put(from, true);
        }
        std::_Exit(0);
    }

    static int connect(std::uint16_t port, std::size_t number) {
        const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(port);
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const auto request =
            fmt::format("GET /{} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n", number);
        std::array<char, 1000> answer{};
        if (::connect(socket, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
            ::send(socket, request.data(), request.size(), 0) < 0 ||
            ::recv(socket, answer.data(), answer.size(), 0) <= 0)
            give_up("connect");
        return socket;
    }

    int orders_;
    pid_t process_;
};

/// Does `work` in a process of its own, whose heap nobody else has used, and gives what it gives.
long apart(const std::function<long()>& work) {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) give_up("open a pipe");
    const auto process = ::fork();
    if (process == 0) {
        mallopt(M_ARENA_MAX, 1); // all threads' memory is counted
        put(pipe[1], work());
        std::_Exit(0);
    }
    ::close(pipe[1]);
    const auto result = get<long>(pipe[0]);
    ::close(pipe[0]);
    ::waitpid(process, nullptr, 0);
    return result;
}

enum class form { returned, yielded, read };

/// Topics, and a route that subscribes to one of them.
class site {
public:
    site(form how, std::size_t topics) {
        for (std::size_t n = 0; n < topics; ++n) topics_.emplace_back();
        switch (how) {
        case form::returned:
            routes.get("/{n}", [this](rill::request& r) { return topic_for(r).subscribe(r); });
            break;
        case form::yielded:
            routes.get("/{n}", [this](rill::request& r) -> rill::event_stream {
                co_yield rill::elements_of(topic_for(r).subscribe(r));
            });
            break;
        case form::read:
            routes.get("/{n}", [this](rill::request& r) -> rill::event_stream {
                auto news = topic_for(r).subscribe(r);
                while (const auto* m = co_await news.next())
                    co_yield {.id = m->last_event_id, .data = m->data};
            });
        }
    }

    rill::router routes;

private:
    rill::topic& topic_for(const rill::request& r) {
        return topics_[r.param<std::size_t>("n") % topics_.size()];
    }

    std::deque<rill::topic> topics_; // which cannot move
};

/// Bytes for each connection that subscribes, its topic not included.
long subscriber_bytes(form how, int topics, int count) {
    return apart([=] {
        clients crowd;
        const site all{how, static_cast<std::size_t>(topics)};
        rill::server server{all.routes, {.port = 0, .threads = 1}};
        const std::jthread thread{[&] { server.run(); }};
        crowd.open(server.port(), warm_up);
        const auto before = live_bytes();
        crowd.open(server.port(), count);
        const auto each = (live_bytes() - before) / count;
        server.stop();
        server.stop();
        return each;
    });
}

/// Bytes for a topic without subscribers that so many small events were published to.
long topic_bytes(int events, int count) {
    return apart([=] {
        const auto before = live_bytes();
        std::deque<rill::topic> topics;
        for (int n = 0; n < count; ++n)
            for (topics.emplace_back(); topics.back().statistics().published < static_cast<unsigned>(events);)
                topics.back().publish({.data = "tokentokentokentoken"});
        return (live_bytes() - before) / count;
    });
}

long bare_socket_bytes(int count) {
    return apart([=] {
        clients crowd;
        asio::io_context context{1};
        asio::ip::tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
        using socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;
        std::vector<std::unique_ptr<socket>> kept;
        kept.reserve(static_cast<std::size_t>(count));
        const auto before = live_bytes();
        const std::jthread opening{
            [&] { crowd.open(acceptor.local_endpoint().port(), count); }}; // which wait for a byte each
        for (int i = 0; i < count; ++i) {
            kept.push_back(std::make_unique<socket>(context));
            acceptor.accept(*kept.back());
            kept.back()->send(asio::buffer("x", 1));
            kept.back()->async_wait(socket::wait_error, [](asio::error_code) {});
        }
        return (live_bytes() - before) / count;
    });
}

} // namespace

int main() {
    const auto count = connections();
    fmt::print("heap of a topic: {} bytes, with an event {}, with 10 {}, with 100 {}\n",
               topic_bytes(0, count), topic_bytes(1, count), topic_bytes(10, count), topic_bytes(100, 1000));
    fmt::print("heap of a subscriber's connection, all to one topic: {} bytes returned, {} yielded, {} read "
               "by next; a bare Asio socket: {}\n",
               subscriber_bytes(form::returned, 1, count), subscriber_bytes(form::yielded, 1, count),
               subscriber_bytes(form::read, 1, count), bare_socket_bytes(count));
    fmt::print(
        "each to a topic of its own: {} bytes returned, {} yielded, {} read by next ({} connections)\n",
        subscriber_bytes(form::returned, count + warm_up, count),
        subscriber_bytes(form::yielded, count + warm_up, count),
        subscriber_bytes(form::read, count + warm_up, count), count);
}
