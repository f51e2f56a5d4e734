// What an idle stream costs: bytes of heap per connection on a handler that waits for an hour, over TCP, for
// each form of handler. The baseline is a socket of Asio that is kept and watched and nothing else.
#include <rill/rill.hpp>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <fmt/format.h>

#include <arpa/inet.h>
#include <chrono>
#include <cstdlib>
#include <malloc.h>
#include <memory>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

constexpr int connections = 2000;
using namespace std::chrono_literals;

long live_bytes() {
    return static_cast<long>(mallinfo2().uordblks);
}

rill::event_stream quiet(rill::request&) {
    co_await rill::sleep_for(1h);
    co_yield {.data = "done"};
}

rill::task<void> quiet_writer(rill::request&, rill::sse_writer& writer) {
    co_await rill::sleep_for(1h);
    co_await writer.write({.data = "done"});
}

/// A connected client that has sent `request`.
int client(std::uint16_t port, std::string_view request) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
        ::send(socket, request.data(), request.size(), 0) < 0) {
        fmt::print(stderr, "cannot connect\n");
        std::exit(1);
    }
    return socket;
}

void wait_for_answer(int socket) {
    char byte{};
    if (::recv(socket, &byte, 1, 0) != 1) std::exit(1);
}

/// With a server of its own: Asio keeps its records of sockets for the next ones.
long bytes_each(const rill::router& routes, std::string_view path) {
    rill::server server{routes, {.port = 0, .threads = 1}};
    const std::jthread thread{[&] { server.run(); }};
    const auto request =
        fmt::format("GET {} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n", path);
    std::vector<int> sockets;
    sockets.reserve(connections + 100);
    const auto open = [&](int count) {
        for (int i = 0; i < count; ++i) {
            sockets.push_back(client(server.port(), request));
            wait_for_answer(sockets.back());
        }
    };
    open(100); // what is made once, and kept for reuse
    const auto before = live_bytes();
    open(connections);
    const auto each = (live_bytes() - before) / connections;
    for (const int socket : sockets) ::close(socket);
    server.stop();
    return each;
}

long bare_socket_bytes() {
    asio::io_context context{1};
    asio::ip::tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
    using socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;
    std::vector<int> clients;
    std::vector<std::unique_ptr<socket>> kept;
    clients.reserve(connections);
    kept.reserve(connections);
    const auto before = live_bytes();
    for (int i = 0; i < connections; ++i) {
        clients.push_back(client(acceptor.local_endpoint().port(), "x"));
        kept.push_back(std::make_unique<socket>(context));
        acceptor.accept(*kept.back());
        char byte{};
        kept.back()->receive(asio::buffer(&byte, 1));
        kept.back()->async_wait(socket::wait_read, [](asio::error_code) {});
    }
    const auto each = (live_bytes() - before) / connections;
    for (const int client : clients) ::close(client);
    return each;
}

} // namespace

int main() {
    mallopt(M_ARENA_MAX, 1); // all threads' memory is counted
    const auto bare = bare_socket_bytes();
    rill::topic topic;
    rill::router routes;
    routes.get("/quiet", quiet);
    routes.get("/topic", [&topic](rill::request& request) { return topic.subscribe(request); });
    routes.get("/quiet-writer", quiet_writer);
    fmt::print("heap per idle stream: {} bytes as event_stream, {} bytes with a writer, {} bytes for a "
               "subscription; a bare Asio socket: {} bytes ({} connections)\n",
               bytes_each(routes, "/quiet"), bytes_each(routes, "/quiet-writer"),
               bytes_each(routes, "/topic"), bare, connections);
}
