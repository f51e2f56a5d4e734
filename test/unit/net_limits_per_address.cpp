// What a server does with clients of one address that want more than it allows each.
#include "net_limits.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace net_limits;

TEST_CASE("each address has its own number of connections") {
    site s{{.limits = {.max_connections_per_address = 2}}};
    s.routes.get("/", greet);
    auto& server = s.server();
    server.come_from("192.0.2.7:1001");
    auto one = server.connect();
    server.come_from("[::ffff:192.0.2.7]:1002");
    auto two = server.connect();
    server.come_from("192.0.2.7:1003");
    auto beyond = server.connect();
    const auto refusal = ask(beyond);
    CHECK(refusal.starts_with("HTTP/1.1 503 "));
    CHECK(refusal.ends_with("there are too many connections from this address"));
    CHECK(ask(two).starts_with("HTTP/1.1 200 "));
    server.come_from("192.0.2.8:1004");
    auto other = server.connect();
    CHECK(ask(other).starts_with("HTTP/1.1 200 "));
    CHECK(server.statistics().over_connections_per_address == 1);
    two.close();
    server.come_from("192.0.2.7:1005");
    auto next = server.connect();
    CHECK(ask(next).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a client of IPv6 is a network of 64 bits, and those of Unix sockets are not counted") {
    site s{{.limits = {.max_connections_per_address = 1}}};
    s.routes.get("/", greet);
    auto& server = s.server();
    server.come_from("[2001:db8:0:1::1]:1001");
    auto one = server.connect();
    server.come_from("[2001:db8:0:1:ffff::2]:1002");
    auto beyond = server.connect();
    CHECK(ask(beyond).starts_with("HTTP/1.1 503 "));
    server.come_from("[2001:db8:0:2::1]:1001");
    auto other = server.connect();
    CHECK(ask(other).starts_with("HTTP/1.1 200 "));
    server.come_from("unix");
    auto local = server.connect(), another = server.connect();
    CHECK(ask(local).starts_with("HTTP/1.1 200 "));
    CHECK(ask(another).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("the client that a PROXY protocol header names is the one whose connections count") {
    site s{{.proxy_protocol = "10.0.0.1", .limits = {.max_connections_per_address = 1}}};
    s.routes.get("/", greet);
    auto& server = s.server();
    server.come_from("10.0.0.1:1001");
    auto one = server.connect(), two = server.connect(), three = server.connect();
    one.send("PROXY TCP4 192.0.2.7 198.51.100.1 1 80\r\n");
    CHECK(ask(one).starts_with("HTTP/1.1 200 "));
    two.send("PROXY TCP4 192.0.2.7 198.51.100.1 2 80\r\n");
    CHECK(ask(two).starts_with("HTTP/1.1 503 "));
    three.send("PROXY TCP4 192.0.2.8 198.51.100.1 3 80\r\n");
    CHECK(ask(three).starts_with("HTTP/1.1 200 "));
    CHECK(ask(one).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a client that a PROXY protocol header names counts before it asks for anything") {
    site s{{.proxy_protocol = "10.0.0.1", .limits = {.max_connections_per_address = 2}}};
    s.routes.get("/", greet);
    auto& server = s.server();
    server.come_from("10.0.0.1:1001");
    std::vector<rill::testing::connection> all;
    for (int n = 0; n < 5; ++n) {
        all.push_back(server.connect());
        all.back().send("PROXY TCP4 192.0.2.7 198.51.100.1 1 80\r\n");
    }
    CHECK(server.statistics().over_connections_per_address == 3);
    CHECK(ask(all[4]).starts_with("HTTP/1.1 503 "));
    server.advance(rill::limits{}.linger);
    CHECK(all[2].ended());
    CHECK(all[3].ended());
    CHECK_FALSE(all[0].ended());
    CHECK(ask(all[0]).starts_with("HTTP/1.1 200 "));
    all[1].close();
    auto next = server.connect();
    next.send("PROXY TCP4 192.0.2.7 198.51.100.1 1 80\r\n");
    CHECK(ask(next).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("each address has its own number of streams, also behind a proxy") {
    site s{{.trust_proxy = "10.0.0.1", .limits = {.max_streams_per_address = 1}}};
    rill::topic news;
    s.routes.get("/", greet);
    s.routes.get("/ticks", tick_for_ever);
    s.routes.get("/news", [&news](rill::request& r) { return news.subscribe(r); });
    auto& server = s.server();
    server.come_from("10.0.0.1:1001");
    const auto from = [&](std::string_view client, std::string_view path) {
        return server.get(path, {{"X-Forwarded-For", client}});
    };
    auto one = from("192.0.2.7", "/news");
    CHECK(one.status() == rill::status::ok);
    auto beyond = from("192.0.2.7", "/ticks");
    CHECK(beyond.status() == rill::status::service_unavailable);
    CHECK(beyond.fields().find("Retry-After") == "5");
    CHECK(from("192.0.2.7", "/").status() == rill::status::ok);
    auto other = from("192.0.2.8", "/ticks");
    CHECK(other.status() == rill::status::ok);
    CHECK(from("192.0.2.8", "/news").status() == rill::status::service_unavailable);
    CHECK(server.statistics().over_streams_per_address == 2);
    one.close();
    CHECK(from("192.0.2.7", "/ticks").status() == rill::status::ok);
    other.close();
    CHECK(from("192.0.2.8", "/news").status() == rill::status::ok);
}
