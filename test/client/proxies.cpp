// http_proxy, https_proxy and no_proxy.
#include <rill/client/error.hpp>

#include "client/asking.hpp"
#include "client/environment.hpp"
#include "client/scripted_server.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

using namespace asking;
using rill::client_errc;
using rill::client_request;
using rill::method;
using scripted::connection;
using scripted::field;
using scripted::response;

namespace {

/// The system's authorities take long to read, and no case here gets as far as them.
constexpr rill::client_options trusting_all{.verify = false};

} // namespace

TEST_CASE("a proxy is asked with the whole URL") {
    scripted::server proxy{scripted::answer(response(200, "", "by proxy"))};
    const environment set{{"http_proxy", proxy.url()}};
    const auto got = get("http://elsewhere.example/path?x=y");
    CHECK(got.body == "by proxy");
    CHECK(got.url == "http://elsewhere.example/path?x=y");
    const auto request = proxy.request(0);
    CHECK(request.starts_with("GET http://elsewhere.example/path?x=y HTTP/1.1\r\n"));
    CHECK(field(request, "Host") == "elsewhere.example");
    CHECK(scripted::count(request, "Proxy-Authorization") == 0);
}

TEST_CASE("a zone of an IPv6 address is not told to a proxy") {
    scripted::server proxy{scripted::answer(response(403, ""))};
    const environment set{{"http_proxy", proxy.url()}, {"https_proxy", proxy.url()}};
    CHECK(get("http://[fe80::1%25eth0]:81/path").url == "http://[fe80::1%25eth0]:81/path");
    CHECK(proxy.request(0).starts_with("GET http://[fe80::1]:81/path HTTP/1.1\r\nHost: [fe80::1]:81\r\n"));
    CHECK(failure_of("https://[fe80::443%25eth0]/", trusting_all) == client_errc::proxy_refused);
    CHECK(proxy.request(1).starts_with("CONNECT [fe80::443]:443 HTTP/1.1\r\nHost: [fe80::443]:443\r\n"));
}

TEST_CASE("the user of a proxy is told to it only") {
    scripted::server proxy{scripted::answer(response(200, ""))};
    const environment set{{"http_proxy", "http://user:pass@" + proxy.authority()}};
    (void)get("http://elsewhere.example/");
    CHECK(field(proxy.request(0), "Proxy-Authorization") == "Basic dXNlcjpwYXNz");
    CHECK(scripted::count(proxy.request(0), "Authorization") == 0);
}

TEST_CASE("HTTP_PROXY in capitals is a field of CGI, and no proxy") {
    scripted::server server{scripted::answer(response(200, "", "direct"))};
    scripted::server proxy{scripted::answer(response(200, "", "by proxy"))};
    const environment set{{"HTTP_PROXY", proxy.url()}};
    CHECK(get(server.url()).body == "direct");
}

TEST_CASE("no_proxy names whom to ask directly") {
    scripted::server server{scripted::answer(response(200, "", "direct"))};
    scripted::server proxy{scripted::answer(response(200, "", "by proxy"))};
    for (const std::string none : {"*", "127.0.0.1", "a.example,127.0.0.1", " 127.0.0.1 , b", "x, *"}) {
        CAPTURE(none);
        const environment set{{"http_proxy", proxy.url()}, {"no_proxy", none}};
        CHECK(get(server.url()).body == "direct");
    }
    for (const std::string none : {"", "27.0.0.1", "a.example", "127.0.0.10", ","}) {
        CAPTURE(none);
        const environment set{{"http_proxy", proxy.url()}, {"no_proxy", none}};
        CHECK(get(server.url()).body == "by proxy");
    }
}

TEST_CASE("no_proxy takes a domain with all that is in it") {
    scripted::server proxy{scripted::answer(response(200, "", "by proxy"))};
    const environment set{{"http_proxy", proxy.url()}, {"no_proxy", "elsewhere.invalid,.dot.invalid"}};
    CHECK(failure_of("http://elsewhere.invalid/") != std::error_code{}); // is not known here
    CHECK(failure_of("http://www.elsewhere.invalid/") != std::error_code{});
    CHECK(failure_of("http://www.dot.invalid/") != std::error_code{});
    CHECK(get("http://notelsewhere.invalid/").body == "by proxy");
}

TEST_CASE("a proxy that cannot be used fails the requests that need it, and no client") {
    scripted::server server{scripted::answer(response(200, "", "direct"))};
    const environment set{{"ALL_PROXY", "socks5://u:secret@127.0.0.1:1080"}, {"no_proxy", "127.0.0.1"}};
    rill::http_client client;
    CHECK(ask(client, client_request{method::get, server.url()}).body == "direct");
    diary told;
    rill::event_source source{client, "http://elsewhere.example/", eager(&told)};
    CHECK(error_of([&]() -> rill::task<void> { (void)co_await source.next(); }) ==
          client_errc::proxy_not_usable);
    CHECK(told.lines == texts{"over"});
    CHECK(told.words.at(0).find("socks5://") != std::string::npos);
    CHECK(told.words.at(0).find("secret") == std::string::npos);
    scripted::server moving{scripted::answer(response(302, "Location: http://elsewhere.example/\r\n"))};
    CHECK(error_of([&]() -> rill::task<void> { (void)co_await client.get(moving.url()); }) ==
          client_errc::proxy_not_usable);
    rill::client_options options;
    options.environment_proxies = false;
    CHECK(get(server.url(), options).body == "direct");
}

TEST_CASE("a client may be told not to look at the environment") {
    scripted::server server{scripted::answer(response(200, "", "direct"))};
    scripted::server proxy{scripted::answer(response(200, "", "by proxy"))};
    const environment set{{"http_proxy", proxy.url()}};
    rill::client_options options;
    options.environment_proxies = false;
    CHECK(get(server.url(), options).body == "direct");
}

TEST_CASE("a proxy that is not there is an error") {
    std::string gone;
    {
        scripted::server proxy{scripted::answer("")};
        gone = proxy.url();
    }
    const environment set{{"http_proxy", gone}};
    CHECK(failure_of("http://elsewhere.example/") != std::error_code{});
}

TEST_CASE("what a proxy answers for itself is the answer") {
    scripted::server proxy{scripted::answer(response(407, "Proxy-Authenticate: Basic\r\n", "who?"))};
    const environment set{{"http_proxy", proxy.url()}};
    CHECK(get("http://elsewhere.example/").status == 407);
}

TEST_CASE("an event stream comes through a proxy") {
    scripted::server proxy{{scripted::events("id: 1\ndata: a\n\n"), scripted::endless("data: b\n\n")}};
    const environment set{{"http_proxy", proxy.url()}};
    rill::http_client client;
    rill::event_source source{client, "http://elsewhere.example/", eager()};
    texts taken;
    run([&]() -> rill::task<void> { taken = co_await take(source, 2); });
    CHECK(taken == texts{"message|a|1", "message|b|1"});
}

TEST_CASE("for https a proxy is asked for a tunnel, and nothing is told to it before it is there") {
    std::string first;
    scripted::server proxy{[&](connection& c) {
        first = c.request();
        c.send("HTTP/1.1 200 Connection established\r\n\r\n");
        const auto hello = c.exactly(3);
        CHECK(hello.substr(0, 2) == "\x16\x03"); // a handshake of TLS
        c.send("no TLS here\r\n");
        c.finish();
    }};
    const environment set{{"https_proxy", "http://user:pass@" + proxy.authority()}};
    CHECK(failure_of("https://elsewhere.example:8443/secret", trusting_all) == client_errc::tls_failed);
    CHECK(first.starts_with("CONNECT elsewhere.example:8443 HTTP/1.1\r\n"));
    CHECK(field(first, "Host") == "elsewhere.example:8443");
    CHECK(field(first, "Proxy-Authorization") == "Basic dXNlcjpwYXNz");
    CHECK(first.find("secret") == first.npos);
}

TEST_CASE("a tunnel is open whatever its answer says of a body (RFC 9110 §9.3.6)") {
    for (const auto* const fields :
         {"Content-Length: 0\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
          "Transfer-Encoding: gzip\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"}) {
        CAPTURE(fields);
        std::string hello;
        scripted::server proxy{[&](connection& c) {
            (void)c.request();
            c.send(fmt::format("HTTP/1.1 200 Connection established\r\n{}\r\n", fields));
            hello = c.exactly(3);
            c.send("no TLS here\r\n");
            c.finish();
        }};
        const environment set{{"https_proxy", proxy.url()}};
        CHECK(failure_of("https://elsewhere.example/", trusting_all) == client_errc::tls_failed);
        CHECK(hello.substr(0, 2) == "\x16\x03");
    }
}

TEST_CASE("a port that goes without saying is said to a proxy") {
    scripted::server proxy{scripted::answer(response(403, ""))};
    const environment set{{"https_proxy", proxy.url()}};
    CHECK(failure_of("https://elsewhere.example/", trusting_all) == client_errc::proxy_refused);
    CHECK(proxy.request(0).starts_with("CONNECT elsewhere.example:443 HTTP/1.1\r\n"));
}

TEST_CASE("a proxy that opens no tunnel is an error that has its status") {
    for (const unsigned status : {302, 403, 407, 502, 503}) {
        scripted::server proxy{scripted::answer(response(status, "", "no"))};
        const environment set{{"https_proxy", proxy.url()}};
        try {
            (void)get("https://elsewhere.example/", trusting_all);
            FAIL("it did not fail");
        } catch (const rill::error& e) {
            CHECK(e.code() == client_errc::proxy_refused);
            const std::string words = e.what();
            CHECK_MESSAGE(words.find(std::to_string(status)) != words.npos, words);
        }
    }
    for (const std::string bytes : {"", "SSH-2.0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nearly bytes"}) {
        CAPTURE(bytes);
        scripted::server proxy{[&](connection& c) {
            (void)c.request();
            c.send(bytes);
            c.finish();
        }};
        const environment set{{"https_proxy", proxy.url()}};
        CHECK(failure_of("https://elsewhere.example/", trusting_all) == client_errc::proxy_refused);
    }
}

TEST_CASE("a proxy that says nothing has a bound") {
    scripted::server proxy{[](connection& c) {
        (void)c.request();
        CHECK(c.is_left());
    }};
    const environment set{{"https_proxy", proxy.url()}};
    auto options = trusting_all;
    options.tls_timeout = 50ms;
    CHECK(failure_of("https://elsewhere.example/", options) == client_errc::tls_timeout);
}
