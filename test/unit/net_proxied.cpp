// Connections that begin with a header of the PROXY protocol: when that does not come, or comes in parts.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

namespace {

constexpr std::string_view header = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n";

/// A server that has a proxy in front, and says whose requests come.
struct proxied {
    explicit proxied(const rill::server_options& options = {.proxy_protocol = "10.0.0.0/8"}) : all{options} {
        all.routes.get("/", [](rill::request& r) { return rill::response::text(r.remote_address()); });
        all.server().come_from("10.0.0.1:5555");
    }
    [[nodiscard]] rill::testing::connection connect() { return all.server().connect(); }
    [[nodiscard]] std::size_t connections() { return all.server().connections(); }

    site all;
};

/// The body of the one answer that has come; all of it if it is not a 200.
std::string body(rill::testing::connection& from) {
    const auto answer = from.receive();
    return answer.starts_with("HTTP/1.1 200 ") ? answer.substr(answer.find("\r\n\r\n") + 4) : answer;
}

} // namespace

TEST_CASE("the peer is the one that the header names, for all requests of the connection") {
    proxied s;
    auto c = s.connect();
    c.send(header);
    CHECK(c.receive() == "");
    for (int i = 0; i < 2; ++i) {
        c.send(whole_request);
        CHECK(body(c) == "192.0.2.7:4711");
    }
}

TEST_CASE("a header may be cut anywhere, and have a request behind it") {
    const auto all = std::string{header} + std::string{whole_request};
    for (std::size_t cut = 1; cut < all.size(); ++cut) {
        CAPTURE(cut);
        proxied s;
        auto c = s.connect();
        c.send(all.substr(0, cut));
        c.send(all.substr(cut));
        CHECK(body(c) == "192.0.2.7:4711");
    }
    proxied s;
    auto c = s.connect();
    for (const char each : all) c.send({&each, 1});
    CHECK(body(c) == "192.0.2.7:4711");
}

TEST_CASE("a proxy that speaks for itself is the peer") {
    proxied s;
    auto c = s.connect();
    c.send("PROXY UNKNOWN\r\n");
    c.send(whole_request);
    CHECK(body(c) == "10.0.0.1:5555");
}

TEST_CASE("a header that is missing, malformed or ends too early closes the connection without a word") {
    for (const std::string_view bytes :
         {whole_request, std::string_view{"PROXY TCP4 x"}.substr(0, 11), std::string_view{"PROXY TCP9 \r\n"},
          std::string_view{"\x16\x03\x01"}}) {
        proxied s;
        auto c = s.connect();
        c.send(bytes);
        if (bytes == "PROXY TCP4 ") c.finish();
        CHECK(c.ended());
        CHECK(c.receive() == "");
        CHECK(c.writes() == 0);
        CHECK(s.connections() == 0);
        REQUIRE(s.all.log.lines.size() == 1);
        CHECK(s.all.log.lines[0].starts_with("no PROXY protocol header from 10.0.0.1:5555: it "));
        CHECK(s.all.log.errors == 0);
    }
}

TEST_CASE("a header that does not come in time closes the connection without a word") {
    for (const auto bytes : {header.substr(0, 0), header.substr(0, 1), header.substr(0, header.size() - 1)}) {
        proxied s;
        auto c = s.connect();
        c.send(bytes);
        s.all.server().advance(9'900ms);
        CHECK_FALSE(c.ended());
        s.all.server().advance(200ms);
        CHECK(c.ended());
        CHECK(c.writes() == 0);
        CHECK(s.connections() == 0);
    }
}

TEST_CASE("bytes that trickle in put off no deadline") {
    proxied s;
    auto c = s.connect();
    for (std::size_t at = 0; at < 12; ++at) {
        c.send(header.substr(at, 1));
        s.all.server().advance(900ms);
    }
    CHECK(c.ended());
}

TEST_CASE("the deadline is over once the header has come") {
    proxied s;
    auto c = s.connect();
    c.send(header);
    s.all.server().advance(60s);
    c.send(whole_request);
    CHECK(body(c) == "192.0.2.7:4711");
    s.all.server().advance(10min);
    CHECK_FALSE(c.ended());
}

TEST_CASE("the head's own deadline begins behind the header") {
    proxied s;
    auto c = s.connect();
    s.all.server().advance(9s);
    c.send(header);
    c.send("GET / HTTP/1.1\r\n");
    s.all.server().advance(9s);
    c.send("Host: test\r\n\r\n");
    CHECK(body(c) == "192.0.2.7:4711");
}

TEST_CASE("a connection that ends before its first byte is nobody's fault") {
    proxied s;
    {
        const auto c = s.connect();
    }
    auto finished = s.connect();
    finished.finish();
    CHECK(finished.ended());
    CHECK(s.connections() == 0);
    CHECK(s.all.log.lines.empty());
}

TEST_CASE("the log has one line in a second at most") {
    proxied s;
    const auto fail = [&] {
        auto c = s.connect();
        c.send("x");
        CHECK(c.ended());
    };
    for (int i = 0; i < 10; ++i) fail();
    CHECK(s.all.log.lines.size() == 1);
    s.all.server().advance(1s);
    fail();
    CHECK(s.all.log.lines.size() == 2);
}

TEST_CASE("from other peers a header is a request that is malformed") {
    proxied s;
    s.all.server().come_from("192.0.2.1:1");
    CHECK(s.all.raw(header).starts_with("HTTP/1.1 501 "));
    auto c = s.connect();
    c.send(std::string_view{"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16});
    CHECK(c.receive().starts_with("HTTP/1.1 400 "));
    auto plain = s.connect();
    plain.send(whole_request);
    CHECK(body(plain) == "192.0.2.1:1");
}

TEST_CASE("draining closes a connection whose header has not come, without a word") {
    for (const auto bytes : {header.substr(0, 0), header.substr(0, 20), header}) {
        proxied s;
        auto c = s.connect();
        c.send(bytes);
        s.all.server().drain();
        CHECK(c.ended());
        s.all.server().advance(1s);
        CHECK(c.writes() == 0);
        CHECK(s.connections() == 0);
    }
}

TEST_CASE("a header that comes while the server drains opens nothing") {
    proxied s;
    auto c = s.connect();
    c.send(header.substr(0, 20));
    s.all.server().drain();
    c.send(header.substr(20));
    c.send(whole_request);
    CHECK(c.receive() == "");
    s.all.server().advance(1s);
    CHECK(s.connections() == 0);
}

TEST_CASE("a server may end while a header is on its way") {
    auto s = std::make_unique<proxied>();
    auto c = s->connect();
    c.send(header.substr(0, 20));
    s.reset();
    CHECK(c.ended());
    CHECK(c.receive() == "");
}

TEST_CASE("fields of a proxy that names its client in a header, too") {
    proxied s{{.proxy_protocol = "10.0.0.0/8", .trust_proxy = "10.0.0.1"}};
    s.all.routes.get("/all", [](rill::request& r) {
        return rill::response::text(fmt::format("{} {}", r.client_address(), r.scheme()));
    });
    constexpr std::string_view request = "GET /all HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: 203.0.113.9\r\n"
                                         "X-Forwarded-Proto: https\r\n\r\n";
    auto c = s.connect();
    c.send(header);
    c.send(request);
    CHECK(body(c) == "192.0.2.7 https");
    s.all.server().come_from("10.0.0.2:1");
    auto other = s.connect();
    other.send(header);
    other.send(request);
    CHECK(body(other) == "192.0.2.7 http");
}
