// TLS over real sockets: floods of handshakes, clients that vanish, and certificates that change under way.
#include "net/heap.hpp"
#include "net/serving.hpp"
#include "support/tls_client.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using serving::socket_client;
using support::tls_client;

std::string file(std::string_view name) {
    return fmt::format("{}/{}", CERTIFICATES, name);
}

const support::tls_trust& trust() {
    static const support::tls_trust trust{file("ca.pem")};
    return trust;
}

/// A server of 127.0.0.1 with the test's certificate.
class tls_server {
public:
    explicit tls_server(const rill::router& routes, rill::server_options options = {.threads = 2})
        : server_{routes, [&] {
                      options.tls = {.certificate = certificate_, .private_key = key_};
                      return options;
                  }()} {}

    [[nodiscard]] std::uint16_t port() const {
        const auto& url = server_.url();
        return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
    }
    /// For clients that speak no TLS.
    [[nodiscard]] std::string plain_url() const { return fmt::format("http://127.0.0.1:{}", port()); }
    [[nodiscard]] serving::server& server() { return server_; }

private:
    std::string certificate_ = file("server.pem"), key_ = file("server.key");
    serving::server server_;
};

rill::router hello_and_ticks() {
    rill::router routes;
    routes.get("/", [](rill::request&) { return rill::response::text("hello"); });
    routes.get("/ticks", [](rill::request&) -> rill::event_stream {
        for (int n = 1;; ++n) {
            const auto number = std::to_string(n);
            co_yield {.data = number};
            co_await rill::sleep_for(1ms);
        }
    });
    return routes;
}

/// The beginning of a handshake as a client would send it: a record that promises more.
std::string half_a_hello() {
    return std::string{"\x16\x03\x01\x01\x00\x01\x00\x00\xFC\x03\x03", 11} + std::string(100, 'r');
}

void answer_comes(const tls_server& server) {
    tls_client client{trust(), server.port()};
    client.send(serving::get("/"));
    CHECK(client.until("hello").starts_with("HTTP/1.1 200 OK\r\n"));
}

} // namespace

TEST_CASE("five hundred half-open handshakes keep nobody from being served, and are gone at their deadline") {
    const auto routes = hello_and_ticks();
    tls_server server{routes, {.threads = 2, .limits = {.handshake_timeout = 1s}}};
    answer_comes(server);
    std::vector<socket_client> flood;
    for (int n = 0; n < 500; ++n) {
        flood.emplace_back(server.plain_url());
        if (n % 2 == 0) flood.back().send(half_a_hello());
    }
    for (int n = 0; n < 20; ++n) answer_comes(server);
    for (auto& client : flood) CHECK(client.rest().empty()); // an end, and no reset
    answer_comes(server);
}

TEST_CASE("a server that stops does not wait for handshakes") {
    const auto routes = hello_and_ticks();
    tls_server server{routes, {.threads = 2, .limits = {.handshake_timeout = 1h}}};
    std::vector<socket_client> flood;
    for (int n = 0; n < 50; ++n) {
        flood.emplace_back(server.plain_url());
        if (n % 2 == 0) flood.back().send(half_a_hello());
    }
    answer_comes(server);
    server.server().stop();
    CHECK(server.server().ends(2s));
}

TEST_CASE("certificates are loaded again by several threads while clients come, and streams go on") {
    const auto routes = hello_and_ticks();
    tls_server server{routes};
    tls_client stream{trust(), server.port()};
    stream.send(serving::get("/ticks"));
    stream.until("data: 1\n\n");
    {
        std::atomic<bool> over{false};
        std::vector<std::jthread> threads;
        for (int n = 0; n < 2; ++n)
            threads.emplace_back([&] {
                while (!over) server.server().reload_certificates();
            });
        for (int n = 0; n < 50; ++n) answer_comes(server);
        over = true;
    }
    stream.until("data: 30\n\n");
    server.server().stop();
    CHECK(stream.rest().ends_with("0\r\n\r\n"));
}

TEST_CASE("a hundred streams are ended properly by a server that stops") {
    const auto routes = hello_and_ticks();
    tls_server server{routes};
    std::vector<tls_client> clients;
    for (int n = 0; n < 100; ++n) {
        clients.emplace_back(trust(), server.port());
        clients.back().send(serving::get("/ticks"));
    }
    for (auto& client : clients) client.until("data: 3\n\n");
    server.server().stop();
    for (auto& client : clients) CHECK(client.rest().ends_with("\r\n0\r\n\r\n"));
    for (auto& client : clients) client.close();
    CHECK(server.server().ends(2s));
}

TEST_CASE("clients that leave in the middle of everything leave no descriptor and no memory behind") {
    const auto routes = hello_and_ticks();
    tls_server server{routes};
    const auto come_and_go = [&](int count) {
        for (int n = 0; n < count; ++n) {
            if (n % 5 == 4) {
                tls_client client{trust(), server.port()};
                client.send(serving::get("/ticks"));
                client.until("data: 1\n\n");
                continue;
            }
            socket_client client{server.plain_url()};
            if (n % 5 == 1) client.send(half_a_hello());
            if (n % 5 == 2) client.send(serving::get("/"));
            if (n % 5 == 3) client.reset();
        }
    };
    come_and_go(200);
    answer_comes(server);
    const auto descriptors = heap::descriptors();
    REQUIRE(serving::eventually([&] { return heap::descriptors() <= descriptors; }));
    const auto before = heap::bytes();
    const auto descriptors_before = heap::descriptors();
    come_and_go(1000);
    CHECK(serving::eventually([&] { return heap::descriptors() <= descriptors_before; }));
    CHECK(serving::eventually([&] { return heap::bytes() - before < 200'000; })); // 200 bytes for each
}

TEST_CASE("https works over a Unix socket, whose URL stays what it was") {
    const auto routes = hello_and_ticks();
    const auto path =
        (std::filesystem::temp_directory_path() / fmt::format("rill-tls-{}", ::getpid())).string();
    const auto certificate = file("server.pem"), key = file("server.key"), address = "unix:" + path;
    const rill::server server{
        routes, {.address = address, .threads = 1, .tls = {.certificate = certificate, .private_key = key}}};
    CHECK(server.url() == address);
}
