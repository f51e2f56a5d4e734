// What TLS adds to an idle stream: bytes of heap per connection, OpenSSL's included, over TCP, with the
// clients in a process of their own. The baseline is the same stream without TLS.
#include <rill/rill.hpp>

#include "support/tls_client.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <malloc.h>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

constexpr int connections = 1000;
constexpr int first = 100; ///< for what is made once, and kept for reuse
using namespace std::chrono_literals;

std::string file(std::string_view name) {
    return fmt::format("{}/{}", CERTIFICATES, name);
}

long live_bytes() {
    ::malloc_trim(0);
    return static_cast<long>(mallinfo2().uordblks);
}

/// A connected client without TLS.
class plain_client {
public:
    explicit plain_client(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(port);
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) std::exit(1);
    }
    void send(std::string_view bytes) {
        if (::send(socket_, bytes.data(), bytes.size(), 0) < 0) std::exit(1);
    }
    void until(std::string_view mark) {
        std::string all;
        char byte{};
        while (!all.ends_with(mark) && ::recv(socket_, &byte, 1, 0) == 1) all += byte;
    }

private:
    int socket_;
};

/// The process of the clients: opens streams, says so, and waits for a word before it opens more or ends.
template <typename Make>
[[noreturn]] void be_clients(int in, int out, Make make) {
    std::vector<decltype(make())> clients;
    char word{};
    for (const int count : {first, connections}) {
        for (int n = 0; n < count; ++n) {
            clients.push_back(make());
            clients.back().send("GET / HTTP/1.1\r\nHost: bench\r\n\r\n");
            clients.back().until(":\n\r\n"); // the first chunk
        }
        if (::write(out, "x", 1) != 1 || ::read(in, &word, 1) != 1) ::_exit(1);
    }
    ::_exit(0);
}

[[noreturn]] void be_clients_of(std::uint16_t port, int version, int in, int out) {
    if (version == 0) be_clients(in, out, [&] { return plain_client{port}; });
    const support::tls_trust trust{file("ca.pem")};
    SSL_CTX_set_max_proto_version(trust.context(), version);
    be_clients(in, out, [&] { return support::tls_client{trust, port}; });
}

/// `version` is OpenSSL's number for one of TLS, or 0.
long bytes_each(const rill::router& routes, int version) {
    const auto certificate = file("server.pem"), key = file("server.key");
    rill::tls_options tls{.certificate = certificate, .private_key = key};
    if (version == 0) tls = {};
    rill::server server{routes, {.port = 0, .threads = 1, .tls = tls}};
    int there[2], back[2];
    if (::pipe(there) != 0 || ::pipe(back) != 0) std::exit(1);
    const auto child = ::fork();
    if (child == 0) try {
            be_clients_of(server.port(), version, there[0], back[1]);
        } catch (const std::exception& cause) {
            fmt::print(stderr, "{}\n", cause.what());
            ::_exit(1);
        }
    ::close(there[0]);
    ::close(back[1]);
    const std::jthread thread{[&] { server.run(); }};
    char word{};
    const auto all_are_open = [&] {
        if (::read(back[0], &word, 1) != 1) std::exit(1);
        std::this_thread::sleep_for(200ms); // for what the server frees behind an answer
        return live_bytes();
    };
    const auto before = all_are_open();
    if (::write(there[1], "x", 1) != 1) std::exit(1);
    const auto each = (all_are_open() - before) / connections;
    if (::write(there[1], "x", 1) != 1) std::exit(1);
    ::waitpid(child, nullptr, 0);
    server.stop();
    server.stop();
    ::close(there[1]);
    ::close(back[0]);
    return each;
}

} // namespace

int main() {
    mallopt(M_ARENA_MAX, 1); // all threads' memory is counted
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);

    rill::topic topic;
    rill::router handler, subscription;
    handler.get("/", [](rill::request&) -> rill::event_stream {
        co_await rill::sleep_for(1h);
        co_yield {.data = "done"};
    });
    subscription.get("/", [&topic](rill::request& request) { return topic.subscribe(request); });
    for (const auto& [what, routes] :
         {std::pair{"event_stream", &handler}, std::pair{"subscription", &subscription}})
        fmt::print("heap per idle stream, {}: {} bytes over TLS 1.3, {} over TLS 1.2, {} without TLS ({} "
                   "connections)\n",
                   what, bytes_each(*routes, TLS1_3_VERSION), bytes_each(*routes, TLS1_2_VERSION),
                   bytes_each(*routes, 0), connections);
}
