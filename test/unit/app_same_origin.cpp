// Which pages may ask.
#include <rill/app/same_origin.hpp>

#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using rill::same_origin;
using rill::status;

namespace {

using headers = std::vector<std::pair<std::string, std::string>>;

/// A site with this guard; whatever reaches it is counted.
struct guarded {
    explicit guarded(const same_origin& guard) {
        all.routes.use(guard);
        const auto served = [this](rill::request&) { return ++count, rill::response::text("served"); };
        all.routes.get("/", served).post("/", served);
        all.routes.get("/stream", [this](rill::request&) -> rill::event_stream {
            ++count;
            co_yield {.data = "1"};
        });
    }

    /// The answer to a request with these fields, and `Host: localhost` if there is none among them.
    rill::testing::reply send(std::string_view method, std::string_view path, const headers& fields) {
        auto text = fmt::format("{} {} HTTP/1.1\r\n", method, path);
        if (fields.empty() || fields.front().first != "Host") text += "Host: localhost\r\n";
        for (const auto& [name, value] : fields) text += fmt::format("{}: {}\r\n", name, value);
        auto connection = all.server().connect();
        connection.send(text + "\r\n");
        return rill::testing::reply{std::move(connection)};
    }
    /// Its status; it must have been served if and only if that is 200.
    status ask(const headers& fields, std::string_view method = "GET", std::string_view path = "/") {
        const auto before = count;
        auto reply = send(method, path, fields);
        CHECK((count > before) == (reply.status() == status::ok));
        return reply.status();
    }

    site all;
    int count = 0;
};

/// A field of the answer; empty if it has none.
std::string field(rill::testing::reply& reply, std::string_view name) {
    return std::string{reply.fields().find(name).value_or("")};
}

same_origin local() {
    return same_origin{}.allow_loopback_hosts();
}

} // namespace

TEST_CASE("of the loopback hosts each is served, at any port") {
    guarded s{local()};
    for (const auto* host : {"localhost", "localhost:5800", "LocalHost:1", "app.localhost:3000", "127.0.0.1",
                             "127.0.0.1:80", "127.255.3.4:80", "[::1]", "[::1]:5800"}) {
        CAPTURE(host);
        CHECK(s.ask({{"Host", host}}) == status::ok);
    }
}

TEST_CASE("another host is refused: its name may have been given the address of this machine") {
    guarded s{local()};
    for (const auto* host :
         {"evil.example", "evil.example:5800", "localhost.evil.example", "notlocalhost",
          "127.0.0.1.evil.example", "127.evil.example", "128.0.0.1", "127.0.0.256", "127.0.0", "127.0.0.0.1",
          "127.0.0.1.", "0.0.0.0", "[::2]", "[::ffff:7f00:1]:80", "192.168.1.7", "127.0.0.1x"}) {
        CAPTURE(host);
        auto reply = s.send("GET", "/", {{"Host", host}});
        CHECK(reply.status() == status::forbidden);
        CHECK(reply.body() == "this host is not served here: the server must be told to allow it");
    }
    CHECK(s.count == 0);
}

TEST_CASE("without allowed hosts any is served") {
    guarded s{same_origin{}};
    for (const auto* host : {"example.com", "127.0.0.1:5800", "[2001:db8::1]:80", "a:1"}) {
        CAPTURE(host);
        CHECK(s.ask({{"Host", host}}) == status::ok);
    }
}

TEST_CASE("a path that is left open is served for any host and any page, and no other path is") {
    guarded g{same_origin{}.allow_host("events.example").leave_open("/stream")};
    const headers probe{{"Host", "10.1.2.3"}},
        page{{"Host", "10.1.2.3"}, {"Origin", "https://other.example"}};
    for (const auto& fields : {probe, page}) {
        CHECK(g.ask(fields, "GET", "/stream") == status::ok);
        CHECK(g.ask(fields, "GET", "/stream?query") == status::ok);
        CHECK(g.ask(fields) == status::forbidden);
    }
}

TEST_CASE("a host is allowed at any port, or at the one that is named") {
    guarded s{
        same_origin{}.allow_host("Hub.example").allow_host("two.example:81").allow_host("[2001:db8::1]")};
    for (const auto* host :
         {"hub.example", "HUB.EXAMPLE:443", "hub.example:5800", "two.example:81", "[2001:db8::1]:1"}) {
        CAPTURE(host);
        CHECK(s.ask({{"Host", host}}) == status::ok);
    }
    for (const auto* host :
         {"two.example", "two.example:80", "localhost", "x.hub.example", "[2001:db8::2]"}) {
        CAPTURE(host);
        CHECK(s.ask({{"Host", host}}) == status::forbidden);
    }
}

TEST_CASE("a page of this server may ask, over TLS or not") {
    guarded s{local().allow_host("hub.example")};
    for (const auto& [host, origin] :
         std::vector<std::pair<const char*, const char*>>{{"localhost:5800", "http://localhost:5800"},
                                                          {"localhost:5800", "https://localhost:5800"},
                                                          {"127.0.0.1", "http://127.0.0.1"},
                                                          {"[::1]:5800", "http://[::1]:5800"},
                                                          {"HUB.example", "https://hub.example"},
                                                          {"hub.example:443", "https://hub.example"},
                                                          {"hub.example:80", "http://hub.example"},
                                                          {"hub.example", "http://hub.example:80"}}) {
        CAPTURE(host);
        CAPTURE(origin);
        CHECK(s.ask({{"Host", host}, {"Origin", origin}}, "POST") == status::ok);
        CHECK(s.ask({{"Host", host}, {"Origin", origin}}, "GET", "/stream") == status::ok);
    }
}

TEST_CASE("a page of another origin may not, whatever it asks for") {
    guarded s{local()};
    for (const auto* origin : {"http://evil.example", "https://localhost.evil.example:5800",
                               "http://localhost", "http://localhost:5801", "http://127.0.0.1:5800", "null",
                               "", "localhost:5800", "file://localhost:5800", "http://localhost:5800/",
                               "http://evil@localhost:5800", "http://localhost:5800, http://evil.example",
                               "http://localhost:", "http://", "chrome-extension://localhost:5800"}) {
        CAPTURE(origin);
        const headers fields{{"Host", "localhost:5800"}, {"Origin", origin}};
        CHECK(s.ask(fields, "POST") == status::forbidden);
        CHECK(s.ask(fields, "GET") == status::forbidden);
        CHECK(s.ask(fields, "GET", "/stream") == status::forbidden);
    }
    CHECK(s.ask({{"Host", "localhost"}, {"Origin", "http://localhost"}, {"Origin", "http://evil.example"}}) ==
          status::forbidden);
    CHECK(s.send("POST", "/", {{"Host", "localhost"}, {"Origin", "http://evil.example"}}).body() ==
          "pages of this origin may not ask here: the server must be told to allow it");
}

TEST_CASE("what a page fetches without an Origin shows in Sec-Fetch-Site; a link may be followed") {
    guarded s{local()};
    for (const auto* site : {"cross-site", "same-site"}) {
        CAPTURE(site);
        CHECK(s.ask({{"Sec-Fetch-Site", site}, {"Sec-Fetch-Mode", "no-cors"}}, "GET", "/stream") ==
              status::forbidden);
        CHECK(s.ask({{"Sec-Fetch-Site", site}}) == status::forbidden);
        CHECK(s.ask({{"Sec-Fetch-Site", site}, {"Sec-Fetch-Mode", "navigate"}}) == status::ok);
        CHECK(s.ask({{"Sec-Fetch-Site", site}, {"Sec-Fetch-Mode", "navigate"}}, "POST") == status::forbidden);
    }
    for (const auto* site : {"same-origin", "none"}) {
        CAPTURE(site);
        CHECK(s.ask({{"Sec-Fetch-Site", site}, {"Sec-Fetch-Mode", "cors"}}, "GET", "/stream") == status::ok);
    }
}

TEST_CASE("a client that is no browser passes") {
    guarded s{local()};
    CHECK(s.ask({}, "GET") == status::ok);
    CHECK(s.ask({}, "POST") == status::ok);
    CHECK(s.ask({}, "GET", "/stream") == status::ok);
}

TEST_CASE("an origin that is allowed may ask, and its pages may read the answer") {
    guarded s{local().allow_origin("https://App.example").allow_origin("http://localhost:3000")};
    for (const auto* origin : {"https://app.example", "https://app.example:443", "http://localhost:3000"}) {
        CAPTURE(origin);
        auto reply = s.send("POST", "/", {{"Origin", origin}, {"Sec-Fetch-Site", "cross-site"}});
        CHECK(reply.status() == status::ok);
        CHECK(field(reply, "Access-Control-Allow-Origin") == origin);
        CHECK(field(reply, "Vary") == "Origin");
    }
    for (const auto* origin :
         {"http://app.example", "https://app.example:444", "https://x.app.example", "null"}) {
        CAPTURE(origin);
        CHECK(s.ask({{"Origin", origin}}, "POST") == status::forbidden);
    }
    auto own = s.send("GET", "/", {{"Host", "localhost"}, {"Origin", "http://localhost"}});
    CHECK(own.status() == status::ok);
    CHECK(field(own, "Access-Control-Allow-Origin").empty());
}

TEST_CASE("a preflight is granted to an allowed origin, and refused to another") {
    guarded s{local().allow_origin("https://app.example")};
    const auto preflight = [&](const char* origin, const char* path = "/") {
        return s.send("OPTIONS", path,
                      {{"Origin", origin},
                       {"Access-Control-Request-Method", "POST"},
                       {"Access-Control-Request-Headers", "content-type,x-other"}});
    };
    auto granted = preflight("https://app.example");
    CHECK(granted.status() == status::no_content);
    CHECK(field(granted, "Access-Control-Allow-Origin") == "https://app.example");
    CHECK(field(granted, "Access-Control-Allow-Methods") == "GET, HEAD, POST, OPTIONS");
    CHECK(field(granted, "Access-Control-Allow-Headers") == "content-type,x-other");
    CHECK(field(granted, "Vary") == "Origin");
    auto refused = preflight("https://evil.example");
    CHECK(refused.status() == status::forbidden);
    CHECK(field(refused, "Access-Control-Allow-Origin").empty());
    CHECK(preflight("https://app.example", "/nowhere").status() == status::not_found);
    CHECK(s.send("OPTIONS", "/", {}).status() == status::no_content); // no preflight
    CHECK(s.count == 0);
}

TEST_CASE("what is no host and no origin is not taken") {
    for (const auto* host : {"", ":80", "a/b", "http://a", "a@b", "a b", "a,b", "a:", "a?", "a#"}) {
        CAPTURE(host);
        CHECK_THROWS_AS(same_origin{}.allow_host(host), std::invalid_argument);
    }
    for (const auto* origin : {"", "null", "*", "example.com", "https://", "https://a/", "https://a/b",
                               "://a", "https://a b", "https://a,https://b", "https://a:", "https://u@a"}) {
        CAPTURE(origin);
        CHECK_THROWS_AS(same_origin{}.allow_origin(origin), std::invalid_argument);
    }
}
