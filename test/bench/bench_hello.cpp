// GET /hello over 64 kept-alive connections: requests per second of the server's CPU time, beside a bare Asio
// coroutine that reads whatever comes and answers a fixed string. Server and load have a core each, and take
// turns.
#include <rill/rill.hpp>

#include "figures.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

constexpr int connections = 64;
constexpr int requests = 100'000;
constexpr int runs = 7;
constexpr std::string_view request =
    "GET /hello HTTP/1.1\r\nHost: bench\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n";
constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain; "
    "charset=utf-8\r\nContent-Length: 13\r\n\r\nHello, World!";

void pin(pthread_t thread, unsigned core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core % std::thread::hardware_concurrency(), &set);
    pthread_setaffinity_np(thread, sizeof set, &set);
}

double cpu_seconds(pthread_t thread) {
    clockid_t clock{};
    timespec time{};
    pthread_getcpuclockid(thread, &clock);
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Sends `requests` requests in all, one at a time on each connection.
void load(std::uint16_t port) {
    const int poll = ::epoll_create1(0);
    std::vector<int> sockets;
    for (int i = 0; i < connections; ++i) {
        const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(port);
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int yes = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        epoll_event interest{EPOLLIN, {.fd = socket}};
        if (::connect(socket, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
            ::epoll_ctl(poll, EPOLL_CTL_ADD, socket, &interest) != 0)
            std::exit(1);
        sockets.push_back(socket);
        if (::send(socket, request.data(), request.size(), 0) < 0) std::exit(1);
    }
    std::array<epoll_event, connections> ready{};
    std::array<char, 4096> buffer{};
    for (int answered = 0; answered < requests;) {
        const int count = ::epoll_wait(poll, ready.data(), connections, 5000);
        if (count <= 0) std::exit(1);
        for (int i = 0; i < count; ++i) {
            const int socket = ready[static_cast<std::size_t>(i)].data.fd;
            if (::recv(socket, buffer.data(), buffer.size(), 0) <= 0)
                std::exit(1); // an answer comes in one piece
            ++answered;
            if (::send(socket, request.data(), request.size(), 0) < 0) std::exit(1);
        }
    }
    for (const int socket : sockets) ::close(socket);
    ::close(poll);
}

asio::awaitable<void> answer_all(asio::ip::tcp::socket socket) try {
    socket.set_option(asio::ip::tcp::no_delay{true});
    std::array<char, 4096> buffer{};
    for (;;) {
        co_await socket.async_read_some(asio::buffer(buffer), asio::use_awaitable);
        co_await asio::async_write(socket, asio::buffer(answer), asio::use_awaitable);
    }
} catch (const std::exception&) { // the client has left
}

asio::awaitable<void> accept_all(asio::ip::tcp::acceptor& acceptor) {
    for (;;) {
        auto socket = co_await acceptor.async_accept(asio::use_awaitable);
        asio::co_spawn(acceptor.get_executor(), answer_all(std::move(socket)), asio::detached);
    }
}

double requests_per_second(pthread_t server, std::uint16_t port) {
    const auto before = cpu_seconds(server);
    load(port);
    return requests / (cpu_seconds(server) - before);
}

} // namespace

int main() {
    rill::router routes;
    routes.get("/hello", [](rill::request&) { return rill::response::text("Hello, World!"); });
    rill::server server{routes, {.port = 0, .threads = 1}};
    std::jthread serving{[&] { server.run(); }};

    asio::io_context context{1};
    asio::ip::tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
    asio::co_spawn(context, accept_all(acceptor), asio::detached);
    std::jthread bare{[&] { context.run(); }};

    pin(serving.native_handle(), 0);
    pin(bare.native_handle(), 0);
    pin(pthread_self(), 1);
    std::vector<double> rill, asio, ratios;
    for (int run = 0; run < runs; ++run) {
        rill.push_back(requests_per_second(serving.native_handle(), server.port()));
        asio.push_back(requests_per_second(bare.native_handle(), acceptor.local_endpoint().port()));
        ratios.push_back(rill.back() / asio.back());
    }
    fmt::print("GET /hello: {:.0f} requests per second of server CPU; bare Asio: {:.0f}; ratio {:.2f} ({} "
               "connections, "
               "medians of {})\n",
               median(rill), median(asio), median(ratios), connections, runs);
    server.stop();
    context.stop();
}
