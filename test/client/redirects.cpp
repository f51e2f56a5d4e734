// Redirects (RFC 9110 §15.4).
#include <rill/client/error.hpp>

#include "client/asking.hpp"
#include "client/scripted_server.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

using namespace asking;
using rill::client_errc;
using rill::client_request;
using rill::method;
using scripted::connection;
using scripted::field;
using scripted::response;

namespace {

std::string moved(unsigned status, const std::string& location) {
    return response(status, "Location: " + location + "\r\n", "look there");
}

/// Sends each of these for a request, in their order, on one connection.
scripted::server::script in_turn(texts answers) {
    return [answers = std::move(answers)](connection& c) {
        for (const auto& answer : answers) {
            if (c.request().empty()) return;
            c.send(answer);
        }
        (void)c.is_left();
    };
}

} // namespace

TEST_CASE("redirects of all five kinds are followed, and the answer says where it came from") {
    for (const unsigned status : {301, 302, 303, 307, 308}) {
        CAPTURE(status);
        scripted::server server{in_turn({moved(status, "/there?x=y#fragment"), response(200, "", "found")})};
        const auto got = get(server.url("/here"));
        CHECK(got.status == 200);
        CHECK(got.body == "found");
        CHECK(got.url.starts_with(server.url("/there?x=y")));
        CHECK(server.request(1).starts_with("GET /there?x=y HTTP/1.1\r\n"));
        CHECK(server.connections() == 1);
    }
}

TEST_CASE("a POST becomes a GET with 301, 302 and 303, and stays one with 307 and 308") {
    for (const unsigned status : {301, 302, 303, 307, 308}) {
        CAPTURE(status);
        scripted::server server{scripted::server::script{[status](connection& c) {
            for (auto request = c.request(); !request.empty(); request = c.request())
                c.send(request.find(" /there ") == request.npos ? moved(status, "/there")
                                                                : response(200, ""));
        }}};
        rill::http_client client;
        (void)ask(client,
                  client_request{method::post, server.url()}.set("X-Own", "1").body("body", "text/plain"));
        const auto second = server.request(1);
        const bool stays = status >= 307;
        CHECK(second.starts_with(stays ? "POST /there " : "GET /there "));
        CHECK(scripted::body(second) == (stays ? "body" : ""));
        CHECK(field(second, "Content-Type") == (stays ? "text/plain" : ""));
        CHECK(scripted::count(second, "Content-Length") == (stays ? 1 : 0));
        CHECK(field(second, "X-Own") == "1");
    }
}

TEST_CASE("a POST that is redirected takes a new connection, since the old one may end behind the redirect") {
    for (const unsigned status : {307, 308}) {
        CAPTURE(status);
        const scripted::server::script once = [status](connection& c) {
            (void)c.request();
            c.send(moved(status, "/there"));
            // Nothing says that this is the last answer here. Whatever comes next is not read.
            (void)c.is_left();
        };
        for (const auto verb : {method::post, method::patch}) {
            scripted::server server{{once, scripted::answer(response(200, "", "found"))}};
            rill::http_client client;
            CHECK(ask(client, client_request{verb, server.url()}.body("body", "text/plain")).body == "found");
            CHECK(server.connections() == 2);
        }
    }
}

TEST_CASE("other methods stay what they are, but for 303; HEAD always does") {
    for (const unsigned status : {301, 302, 303, 307, 308}) {
        CAPTURE(status);
        scripted::server server{in_turn({moved(status, "/there"), response(200, "")})};
        rill::http_client client;
        (void)ask(client, client_request{method::put, server.url()}.body("body", "text/plain"));
        CHECK(server.request(1).starts_with(status == 303 ? "GET " : "PUT "));
        scripted::server other{in_turn({"HTTP/1.1 " + std::to_string(status) +
                                            " X\r\nLocation: /there\r\n"
                                            "Content-Length: 5\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"})};
        (void)ask(client, client_request{method::head, other.url()});
        CHECK(other.request(1).starts_with("HEAD /there "));
    }
}

TEST_CASE("secrets go to no other origin") {
    scripted::server other{scripted::answer(response(200, "", "found"))};
    for (const unsigned status : {301, 302, 303, 307, 308}) {
        CAPTURE(status);
        scripted::server server{scripted::answer(moved(status, other.url("/there")))};
        rill::http_client client;
        const auto before = other.requests().size();
        const auto got = ask(client, client_request{method::get, server.url()}
                                         .set("Authorization", "Bearer secret")
                                         .set("Cookie", "a=secret")
                                         .set("Proxy-Authorization", "Basic secret")
                                         .set("X-Own", "1"));
        CHECK(got.body == "found");
        const auto request = other.request(before);
        CHECK(request.find("secret") == request.npos);
        CHECK(field(request, "X-Own") == "1");
        CHECK(field(request, "Host") == other.authority());
    }
}

TEST_CASE("secrets stay where the origin does") {
    scripted::server server{in_turn({moved(307, "/there"), response(200, "")})};
    rill::http_client client;
    (void)ask(client, client_request{method::get, server.url()}.set("Authorization", "Bearer mine"));
    CHECK(field(server.request(1), "Authorization") == "Bearer mine");
}

TEST_CASE("the user in a URL is for its own origin, and in no words") {
    scripted::server other{scripted::answer(response(404, ""))};
    scripted::server server{scripted::answer(moved(302, other.url("/there")))};
    const auto got = get("http://user:pass%20word@" + server.authority() + "/");
    CHECK(field(server.request(0), "Authorization") == "Basic dXNlcjpwYXNzIHdvcmQ=");
    CHECK(server.request(0).find("pass") == std::string::npos);
    CHECK(scripted::count(other.request(0), "Authorization") == 0);
    CHECK(got.url.find("user") == got.url.npos);
}

TEST_CASE("a redirect without Location, or with one that is no URL of HTTP, is an error") {
    for (const unsigned status : {301, 302, 303, 307, 308}) {
        CAPTURE(status);
        scripted::server none{scripted::answer(response(status, ""))};
        CHECK(failure_of(none.url()) == client_errc::invalid_redirect);
        for (const auto* const location :
             {"ftp://127.0.0.1/", "javascript:alert(1)", "http://", "http://[::1/", "http://a b/",
              "file:///etc/passwd", "http://127.0.0.1:99999/"}) {
            CAPTURE(location);
            scripted::server bad{scripted::answer(moved(status, location))};
            CHECK(failure_of(bad.url()) == client_errc::invalid_redirect);
            CHECK(bad.requests().size() == 1);
        }
    }
}

TEST_CASE("redirects are bounded, loops too") {
    scripted::server loop{scripted::answer(moved(302, "/"))};
    CHECK(failure_of(loop.url()) == client_errc::too_many_redirects);
    CHECK(loop.requests().size() == 11);

    rill::client_options two;
    two.max_redirects = 2;
    scripted::server enough{in_turn({moved(302, "/1"), moved(302, "/2"), response(200, "", "found")})};
    CHECK(get(enough.url(), two).body == "found");
    scripted::server many{in_turn({moved(302, "/1"), moved(302, "/2"), moved(302, "/3")})};
    CHECK(failure_of(many.url(), two) == client_errc::too_many_redirects);
}

TEST_CASE("with no redirects allowed, a redirect is an answer like others") {
    rill::client_options none;
    none.max_redirects = 0;
    scripted::server server{scripted::answer(moved(302, "/there"))};
    const auto got = get(server.url(), none);
    CHECK(got.status == 302);
    CHECK(got.fields["Location"] == "/there");
    CHECK(got.body == "look there");
    CHECK(server.requests().size() == 1);
}

TEST_CASE("where no redirect may lead to another origin, one is an answer, and others are followed") {
    rill::client_options here;
    here.redirects_across_origins = false;
    scripted::server other{scripted::answer(response(200, "", "found"))};
    scripted::server server{in_turn({moved(307, "/there"), moved(307, other.url())})};
    const auto got = get(server.url(), here);
    CHECK(got.status == 307);
    CHECK(got.fields["Location"] == other.url());
    CHECK(server.requests().size() == 2);
    CHECK(other.requests().empty());
    scripted::server plain{scripted::answer(moved(308, "https://127.0.0.1/"))};
    CHECK(get(plain.url(), here).status == 308);
}

TEST_CASE("other statuses of 3xx are answers") {
    for (const unsigned status : {300, 305, 306}) {
        scripted::server server{scripted::answer(moved(status, "/there"))};
        CHECK(get(server.url()).status == status);
    }
}

TEST_CASE("a redirect with an endless body is followed all the same") {
    scripted::server server{{[](connection& c) {
                                 (void)c.request();
                                 c.send("HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\nand so on");
                                 CHECK(c.is_left());
                             },
                             scripted::answer(response(200, "", "found"))}};
    CHECK(get(server.url()).body == "found");
}
