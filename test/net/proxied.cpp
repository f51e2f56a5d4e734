// Behind a proxy that begins each connection with a header of the PROXY protocol, over real sockets.
#include "net/serving.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;

namespace {

using serving::socket_client;
using namespace std::string_literals;

constexpr std::string_view tcp4 = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n";
constexpr std::string_view tcp6 = "PROXY TCP6 2001:db8::7 2001:db8::1 4711 80\r\n";
const auto binary = "\r\n\r\n\0\r\nQUIT\n"s;
const auto inet = binary + "\x21\x11\0\x12\xC0\0\x02\x07\xC6\x33\x64\x01\x12\x67\0\x50\x04\0\x03\0\0\0"s;
const auto inet6 = binary + "\x21\x21\0\x24\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x07"
                            "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x67\0\x50"s;

rill::router who_asks() {
    rill::router routes;
    routes.get("/", [](rill::request& request) {
        return rill::response::text(fmt::format("{} {}", request.remote_address(), request.client_address()));
    });
    return routes;
}

/// What a request behind `header` is answered.
std::string answer_behind(const std::string& url, std::string_view header) {
    socket_client client{url};
    client.send(std::string{header} + serving::get("/"));
    return serving::body_of(client);
}

bool has_ipv6() {
    return std::filesystem::exists("/proc/net/if_inet6");
}

} // namespace

TEST_CASE("headers of both versions name the client, on all threads") {
    const auto routes = who_asks();
    serving::server server{routes, {.threads = 2, .proxy_protocol = "127.0.0.0/8"}};
    for (int i = 0; i < 4; ++i) {
        CHECK(answer_behind(server.url(), tcp4) == "192.0.2.7:4711 192.0.2.7");
        CHECK(answer_behind(server.url(), tcp6) == "[2001:db8::7]:4711 2001:db8::7");
        CHECK(answer_behind(server.url(), inet) == "192.0.2.7:4711 192.0.2.7");
        CHECK(answer_behind(server.url(), inet6) == "[2001:db8::7]:4711 2001:db8::7");
        CHECK(answer_behind(server.url(), "PROXY UNKNOWN\r\n").ends_with(" 127.0.0.1"));
        CHECK(answer_behind(server.url(), binary + "\x20\0\0\0"s).ends_with(" 127.0.0.1"));
    }
}

TEST_CASE("a proxy may connect by IPv6") {
    if (!has_ipv6()) {
        MESSAGE("skipped: this machine has no IPv6");
        return;
    }
    const auto routes = who_asks();
    serving::server server{routes, {.address = "::1", .threads = 1, .proxy_protocol = "::1"}};
    CHECK(answer_behind(server.url(), tcp4) == "192.0.2.7:4711 192.0.2.7");
    CHECK(answer_behind(server.url(), inet6) == "[2001:db8::7]:4711 2001:db8::7");
}

TEST_CASE("a proxy that connects by IPv4 to a socket of IPv6 is known by its IPv4 address") {
    if (!has_ipv6()) return;
    const auto routes = who_asks();
    serving::server server{routes, {.address = "::", .threads = 1, .proxy_protocol = "127.0.0.1"}};
    const auto port = server.url().substr(server.url().rfind(':'));
    CHECK(answer_behind("http://127.0.0.1" + port, tcp4) == "192.0.2.7:4711 192.0.2.7");
    socket_client plain{"http://[::1]" + port};
    plain.send(serving::get("/"));
    CHECK(serving::body_of(plain).ends_with(" ::1"));
}

TEST_CASE("a proxy may connect to a Unix socket") {
    const auto path = std::filesystem::temp_directory_path() / fmt::format("rill-proxied-{}", ::getpid());
    const auto address = "unix:" + path.string();
    const auto routes = who_asks();
    serving::server server{routes, {.address = address, .threads = 1, .proxy_protocol = "unix"}};
    CHECK(answer_behind(server.url(), tcp4) == "192.0.2.7:4711 192.0.2.7");
    CHECK(answer_behind(server.url(), "PROXY UNKNOWN\r\n") == "unix unix");
}

TEST_CASE("a header may come in single bytes") {
    const auto routes = who_asks();
    serving::server server{routes, {.threads = 1, .proxy_protocol = "127.0.0.1"}};
    for (const auto& header : {std::string{tcp4}, inet, inet6}) {
        socket_client client{server.url()};
        for (const char each : header + serving::get("/")) client.send({&each, 1});
        CHECK(serving::body_of(client).ends_with("7"));
        client.send(serving::get("/")); // and the connection goes on
        CHECK(serving::body_of(client).ends_with("7"));
    }
}

TEST_CASE("a header that does not come as a whole is closed at the deadline, and holds up nobody") {
    const auto routes = who_asks();
    serving::kept_log log;
    serving::server server{
        routes,
        {.threads = 1, .proxy_protocol = "127.0.0.1", .limits = {.head_timeout = 300ms}, .log = &log}};
    const auto began = std::chrono::steady_clock::now();
    std::vector<socket_client> halves;
    for (const auto& bytes : {""s, "P"s, std::string{tcp4.substr(0, tcp4.size() - 1)}, inet.substr(0, 20)}) {
        halves.emplace_back(server.url());
        halves.back().send(bytes);
    }
    CHECK(answer_behind(server.url(), tcp4) == "192.0.2.7:4711 192.0.2.7");
    for (auto& each : halves) CHECK(serving::until_end(each).empty());
    const auto took = std::chrono::steady_clock::now() - began;
    CHECK(took >= 250ms);
    CHECK(took < 5s);
    REQUIRE(log.lines().size() == 1);
    CHECK(log.lines()[0].starts_with("no PROXY protocol header from 127.0.0.1:"));
    CHECK(log.lines()[0].ends_with(": it did not come in time"));
}

TEST_CASE("what is not a header is closed at once, without a word") {
    const auto routes = who_asks();
    serving::kept_log log;
    serving::server server{routes, {.threads = 1, .proxy_protocol = "127.0.0.1", .log = &log}};
    for (const auto& bytes : {serving::get("/"), "PROXY TCP4 192.0.2.7\r\n"s, binary + "\x31\x11\0\0"s,
                              binary + "\x21\x11\xFF\xFF"s, "\x16\x03\x01\x02"s}) {
        socket_client client{server.url()};
        client.send(bytes);
        CHECK(serving::until_end(client).empty());
    }
    CHECK(answer_behind(server.url(), inet) == "192.0.2.7:4711 192.0.2.7");
}

TEST_CASE("from addresses that are not named a header is refused as a request") {
    const auto routes = who_asks();
    for (const auto* const list : {"", "10.0.0.0/8,::1,unix"}) {
        serving::server server{routes, {.threads = 1, .proxy_protocol = list}};
        socket_client text{server.url()};
        text.send(tcp4);
        CHECK(text.until("\r\n\r\n").starts_with("HTTP/1.1 501 "));
        socket_client two{server.url()};
        two.send(inet);
        CHECK(two.until("\r\n\r\n").starts_with("HTTP/1.1 400 "));
        CHECK(answer_behind(server.url(), "").ends_with(" 127.0.0.1"));
    }
}

TEST_CASE("a server ends while half a header waits") {
    const auto routes = who_asks();
    serving::server server{routes, {.threads = 2, .proxy_protocol = "127.0.0.1"}};
    std::vector<socket_client> halves;
    for (std::size_t i = 0; i < 8; ++i) {
        halves.emplace_back(server.url());
        halves.back().send(tcp4.substr(0, 5 * i));
    }
    CHECK(answer_behind(server.url(), tcp4) == "192.0.2.7:4711 192.0.2.7");
    server.stop();
    CHECK(server.ends(5s)); // before `drain_timeout`
    for (auto& each : halves) CHECK(serving::until_end(each).empty());
}

TEST_CASE("a server that is cut ends with half a header, too") {
    const auto routes = who_asks();
    std::vector<socket_client> halves;
    {
        serving::server server{routes, {.threads = 2, .proxy_protocol = "127.0.0.1"}};
        for (int i = 0; i < 4; ++i) {
            halves.emplace_back(server.url());
            halves.back().send(tcp4.substr(0, 10));
        }
        CHECK(answer_behind(server.url(), tcp4) == "192.0.2.7:4711 192.0.2.7");
    }
    for (auto& each : halves) CHECK(serving::until_end(each).empty());
}

TEST_CASE("a stream goes on behind a header, and its client's leaving is noticed") {
    std::atomic<std::size_t> streams{0};
    rill::router routes;
    routes.get("/", [&](rill::request& request) -> rill::event_stream {
        const serving::witness here{streams};
        for (;;) {
            const auto who = request.client_address();
            co_yield {.data = who};
            co_await rill::sleep_for(1ms);
        }
    });
    serving::server server{routes, {.threads = 1, .proxy_protocol = "127.0.0.1"}};
    socket_client client{server.url()};
    client.send(inet6 + serving::get("/"));
    for (int i = 0; i < 3; ++i) client.until("data: 2001:db8::7\n");
    client.close();
    CHECK(serving::eventually([&] { return streams == 0; }));
}

TEST_CASE("a server does not begin with lists that cannot be read") {
    const auto routes = who_asks();
    CHECK(rill::serve(routes, {.port = 0, .proxy_protocol = "127.0.0.1/x"}) == 2);
    CHECK(rill::serve(routes, {.port = 0, .trust_proxy = "127.0.0.1,"}) == 2);
    CHECK_THROWS_AS((rill::server{routes, {.port = 0, .trust_proxy = "localhost"}}), rill::error);
}

TEST_CASE("trusted fields over real sockets") {
    const auto routes = who_asks();
    const auto ask = [&](std::string_view list) {
        serving::server server{routes, {.threads = 1, .trust_proxy = list}};
        socket_client client{server.url()};
        client.send("GET / HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: 203.0.113.9, 192.0.2.7\r\n\r\n");
        const auto answer = serving::body_of(client);
        return answer.substr(answer.find(' ') + 1);
    };
    CHECK(ask("127.0.0.0/8") == "192.0.2.7");
    CHECK(ask("10.0.0.0/8") == "127.0.0.1");
    CHECK(ask("") == "127.0.0.1");
}
