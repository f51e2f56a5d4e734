// Whose request it is, behind proxies that are trusted and others.
#include <rill/app/same_origin.hpp>
#include <rill/base/error.hpp>

#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace {

/// A site that says whose request it was. Its routes are for `site` to have before its server is made.
site& telling(site& s) {
    s.routes.get("/", [](rill::request& r) {
        return rill::response::text(fmt::format("{} {} {} {} {}", r.client_address(), r.scheme(), r.host(),
                                                r.secure() ? "secure" : "plain", r.remote_address()));
    });
    return s;
}

const site::headers all = {
    {"X-Forwarded-For", "192.0.2.7"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-Host", "a.example"}};

} // namespace

TEST_CASE("without trusted proxies the client is the peer, whatever the fields say") {
    site s;
    telling(s);
    CHECK(s.get("/", all) == "200 memory http test plain memory");
    s.server().come_from("10.0.0.1:4711");
    CHECK(s.get("/", all) == "200 10.0.0.1 http test plain 10.0.0.1:4711");
    s.server().come_from("[2001:DB8::0001]:4711");
    CHECK(s.get("/", all) == "200 2001:db8::1 http test plain [2001:db8::1]:4711");
    s.server().come_from("unix");
    CHECK(s.get("/", all) == "200 unix http test plain unix");
}

TEST_CASE("a trusted proxy says whose request it passes on") {
    site s{{.trust_proxy = "10.0.0.0/8,unix"}};
    telling(s);
    CHECK(s.get("/", all) == "200 memory http test plain memory");
    s.server().come_from("10.0.0.1:4711");
    CHECK(s.get("/", all) == "200 192.0.2.7 https a.example secure 10.0.0.1:4711");
    CHECK(s.get("/") == "200 10.0.0.1 http test plain 10.0.0.1:4711");
    CHECK(s.get("/", {{"X-Forwarded-Host", "a b"}, {"X-Forwarded-Proto", "gopher"}}) ==
          "200 10.0.0.1 http test plain 10.0.0.1:4711");
    CHECK(s.get("/", {{"Forwarded", "for=192.0.2.1;proto=https;host=b"}}) ==
          "200 10.0.0.1 http test plain 10.0.0.1:4711");
    s.server().come_from("unix");
    CHECK(s.get("/", all) == "200 192.0.2.7 https a.example secure unix");
    s.server().come_from("192.0.2.7:1");
    CHECK(s.get("/", {{"X-Forwarded-For", "10.0.0.1"}, {"X-Forwarded-Host", "b"}}) ==
          "200 192.0.2.7 http test plain 192.0.2.7:1");
}

TEST_CASE("Forwarded is believed where that is asked for") {
    site s{{.trust_proxy = "10.0.0.0/8", .forwarded_fields = rill::forwarded_fields::forwarded}};
    telling(s);
    s.server().come_from("10.0.0.1:4711");
    CHECK(s.get("/", {{"Forwarded", "for=\"[2001:db8::1]:80\";proto=https;host=\"a.example:81\""}}) ==
          "200 2001:db8::1 https a.example:81 secure 10.0.0.1:4711");
    CHECK(s.get("/", all) == "200 10.0.0.1 http test plain 10.0.0.1:4711");
}

TEST_CASE("what proxies say can be asked for as long as a stream runs") {
    site s{{.trust_proxy = "10.0.0.0/8"}};
    s.routes.get("/", [](rill::request& r) -> rill::event_stream {
        co_await rill::sleep_for(std::chrono::hours{1});
        co_yield {.id = r.client_address(), .name = r.scheme(), .data = r.host()};
    });
    s.server().come_from("10.0.0.1:4711");
    auto reply = s.send("GET", "/", all);
    s.server().advance(std::chrono::hours{1});
    REQUIRE(reply.events().size() == 1);
    CHECK(reply.events()[0].last_event_id == "192.0.2.7");
    CHECK(reply.events()[0].type == "https");
    CHECK(reply.events()[0].data == "a.example");
}

TEST_CASE("a list of proxies that cannot be read is said") {
    const rill::router routes;
    const auto complaint = [&](const rill::server_options& options) -> std::string {
        try {
            const rill::testing::server server{routes, options};
        } catch (const rill::error& cause) {
            CHECK((cause.code() == std::errc::invalid_argument));
            return cause.what();
        }
        return "nothing";
    };
    CHECK(complaint({.trust_proxy = "10.0.0.0/8,x"}).starts_with("trust_proxy: 'x' is not an address, "));
    CHECK(
        complaint({.proxy_protocol = "10.0.0.0/33"}).starts_with("proxy_protocol: '10.0.0.0/33' is not an "));
    CHECK(complaint({.proxy_protocol = "::1,unix", .trust_proxy = "fd00::/8"}) == "nothing");
}

TEST_CASE("a test says from where its connections come, in words that are addresses") {
    site s;
    for (const auto* const address : {"", "memory", "localhost", "10.0.0.1:", "[::1", "10.0.0.0/8"})
        CHECK_THROWS_AS(s.server().come_from(address), std::invalid_argument);
}

TEST_CASE("the guard goes by the host that a trusted proxy says, and by nobody else's word for it") {
    site s{{.trust_proxy = "10.0.0.0/8"}};
    s.routes.use(rill::same_origin{}.allow_host("a.example"));
    s.routes.get("/", says("served"));
    const auto status = [&](site::headers fields) { return s.get("/", fields).substr(0, 3); };
    const site::headers same = {{"X-Forwarded-Host", "a.example"}, {"Origin", "https://a.example"}};
    const site::headers other = {{"X-Forwarded-Host", "a.example"}, {"Origin", "https://b.example"}};
    const site::headers rebound = {{"X-Forwarded-Host", "b.example"}, {"Origin", "https://b.example"}};
    s.server().come_from("10.0.0.1:1");
    CHECK(status(same) == "200");
    CHECK(status(other) == "403");
    CHECK(status(rebound) == "403");
    CHECK(status({}) == "403"); // for the host `test`, which the proxy knows this server by
    s.server().come_from("192.0.2.7:1");
    CHECK(status(same) == "403");
    CHECK(status(other) == "403");
    CHECK(status(rebound) == "403");
}

TEST_CASE("a forged host changes nothing about which pages are this server's own") {
    site s{{.trust_proxy = "10.0.0.0/8"}};
    s.routes.use(rill::same_origin{});
    s.routes.get("/", says("served"));
    const site::headers forged = {{"X-Forwarded-Host", "evil.example"}, {"Origin", "https://evil.example"}};
    for (const auto* const peer : {"192.0.2.7:1", "unix"}) {
        s.server().come_from(peer);
        CHECK(s.get("/", forged).starts_with("403"));
        CHECK(s.get("/", {{"X-Forwarded-Host", "evil.example"}, {"Origin", "http://test"}}) == "200 served");
    }
}
