// What an http_client sends, and what it makes of the head of an answer.
#include <rill/client/error.hpp>
#include <rill/http/error.hpp>

#include "client/asking.hpp"
#include "client/scripted_server.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace asking;
using rill::client_errc;
using rill::client_request;
using rill::method;
using scripted::connection;
using scripted::field;
using scripted::response;

TEST_CASE("a request is as HTTP/1.1 wants it") {
    scripted::server server{scripted::answer(response(200, "", "hello"))};
    rill::http_client client;
    const auto got = ask(client, client_request{method::get, server.url("/a%20b?c=d&e#f")});
    CHECK(got.status == 200);
    CHECK(got.body == "hello");
    CHECK(got.url == server.url("/a%20b?c=d&e"));
    const auto request = server.request(0);
    CHECK(request.starts_with("GET /a%20b?c=d&e HTTP/1.1\r\nHost: " + server.authority() + "\r\n"));
    CHECK(field(request, "Accept") == "*/*");
    CHECK(field(request, "Accept-Encoding") == "identity");
    for (const auto* const name :
         {"Content-Length", "Transfer-Encoding", "Expect", "Upgrade", "Cache-Control"})
        CHECK(scripted::count(request, name) == 0);
}

TEST_CASE("who asks for an event stream takes none from a cache, unless it says otherwise") {
    scripted::server server{scripted::answer(response(200, "", "x"))};
    rill::http_client client;
    rill::http_client of_streams{server.url()};
    of_streams.set("Accept", "text/event-stream");
    const auto asked = [&](client_request request) {
        return std::move(request).set("Accept", "application/json, text/event-stream");
    };
    ask(client, asked({method::post, server.url()}));
    ask(of_streams, client_request{method::get, "/"});
    ask(client, asked({method::get, server.url()}).set("Cache-Control", "max-age=0"));
    ask(of_streams, client_request{method::get, "/"}.set("Accept", "text/html"));
    CHECK(field(server.request(0), "Cache-Control") == "no-cache");
    CHECK(field(server.request(1), "Cache-Control") == "no-cache");
    CHECK(field(server.request(2), "Cache-Control") == "max-age=0");
    CHECK(scripted::count(server.request(2), "Cache-Control") == 1);
    CHECK(scripted::count(server.request(3), "Cache-Control") == 0);
}

TEST_CASE("the base of a client is what relative URLs refer to") {
    scripted::server server{scripted::answer(response(200, ""))};
    rill::http_client client{server.url("/v1/base?x=y")};
    for (const auto* const url : {"/abs", "rel", "../up", "?q=1", "", "//127.0.0.1/other-port-not-asked"}) {
        if (std::string_view{url}.starts_with("//")) continue;
        (void)ask(client, client_request{method::get, url});
    }
    CHECK(server.request(0).starts_with("GET /abs HTTP"));
    CHECK(server.request(1).starts_with("GET /v1/rel HTTP"));
    CHECK(server.request(2).starts_with("GET /up HTTP"));
    CHECK(server.request(3).starts_with("GET /v1/base?q=1 HTTP"));
    CHECK(server.request(4).starts_with("GET /v1/base?x=y HTTP"));
}

TEST_CASE("a base that is no URL of HTTP is refused at once") {
    for (const auto* const base : {"localhost", "ftp://localhost", "http://", "/x"}) {
        CAPTURE(base);
        CHECK_THROWS_AS(rill::http_client{base}, rill::error);
    }
}

TEST_CASE("a URL that is none is refused, with nothing sent") {
    for (const auto* const url :
         {"", "/relative", "ws://localhost/", "http:///x", "http://[::1", "http://a b/"}) {
        CAPTURE(url);
        CHECK(failure_of(url) == client_errc::invalid_url);
    }
}

TEST_CASE("the words about a URL that is none say what is wrong with it") {
    const auto words_of = [](const char* url) {
        try {
            (void)get(url);
        } catch (const rill::error& refused) {
            CHECK(refused.code() == client_errc::invalid_url);
            return std::string{refused.what()};
        }
        return std::string{};
    };
    const auto has = [](const std::string& words, std::string_view what) {
        CHECK_MESSAGE(words.find(what) != words.npos, words);
    };
    has(words_of("ws://localhost/a"), "the scheme is ws,");
    has(words_of("http://b\xc3\xbc"
                 "cher.example/"),
        "IDNA");
    has(words_of("http://u:p@b\xc3\xbc"
                 "cher.example:80?"),
        "IDNA");
    has(words_of("http://localhost/a b"), "%20");
    CHECK(words_of("http:///ws://x").find("scheme is") == std::string::npos);
    CHECK(words_of("localhost/\xc3\xa9").find("IDNA") == std::string::npos);
}

TEST_CASE("a body goes out with its length, whatever its size, and an empty one too") {
    scripted::server server{scripted::answer(response(200, ""))};
    rill::http_client client;
    const std::string large(300'000, 'x');
    run([&]() -> rill::task<void> { (void)co_await client.post(server.url("/p"), large); });
    (void)ask(client, client_request{method::post, server.url()});
    (void)ask(client, client_request{method::put, server.url()}.body("", "text/plain"));
    CHECK(scripted::body(server.request(0)) == large);
    CHECK(field(server.request(0), "Content-Type") == "application/json");
    CHECK(field(server.request(0), "Content-Length") == "300000");
    CHECK(field(server.request(1), "Content-Length") == "0");
    CHECK(field(server.request(2), "Content-Length") == "0");
    CHECK(field(server.request(2), "Content-Type") == "text/plain");
}

TEST_CASE(
    "fields of the client go with each request, unless it has its own, and the connection keeps its own") {
    scripted::server server{scripted::answer(response(200, ""))};
    rill::http_client client{server.url()};
    client.set("User-Agent", "test").set("Authorization", "Bearer a");
    (void)ask(client, client_request{method::get, "/"});
    (void)ask(client, client_request{method::get, "/"}
                          .set("authorization", "Bearer b")
                          .set("Host", "evil")
                          .set("Connection", "close")
                          .set("Content-Length", "7")
                          .set("Transfer-Encoding", "chunked"));
    CHECK(field(server.request(0), "User-Agent") == "test");
    CHECK(field(server.request(0), "Authorization") == "Bearer a");
    const auto second = server.request(1);
    CHECK(field(second, "Authorization") == "Bearer b");
    CHECK(scripted::count(second, "Authorization") == 1);
    CHECK(field(second, "Host") == server.authority());
    CHECK(scripted::count(second, "Host") == 1);
    CHECK(scripted::count(second, "Content-Length") == 0);
    CHECK(scripted::count(second, "Transfer-Encoding") == 0);
}

TEST_CASE("a client with a base tells its fields to that origin only") {
    scripted::server ours{scripted::answer(response(200, ""))};
    scripted::server other{scripted::answer(response(200, ""))};
    rill::http_client client{ours.url()};
    client.set("Authorization", "secret");
    (void)ask(client, client_request{method::get, other.url()});
    (void)ask(client, client_request{method::get, ours.url()});
    CHECK(scripted::count(other.request(0), "Authorization") == 0);
    CHECK(field(ours.request(0), "Authorization") == "secret");
}

TEST_CASE("a field that would forge another is refused") {
    CHECK_THROWS_AS((client_request{method::get, "http://a/"}.set("X", "a\r\nY: b")), rill::error);
    CHECK_THROWS_AS((client_request{method::get, "http://a/"}.set("X y", "a")), rill::error);
    rill::http_client client;
    CHECK_THROWS_AS(client.set("X", "a\nb"), rill::error);
}

TEST_CASE("answers without a body have none, whatever their head says") {
    scripted::server server{[](connection& c) {
        (void)c.request();
        c.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"); // HEAD
        (void)c.request();
        c.send("HTTP/1.1 204 No Content\r\n\r\n");
        (void)c.request();
        c.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n");
        (void)c.request();
        c.send(response(200, "", "end"));
        (void)c.is_left();
    }};
    rill::http_client client;
    run([&]() -> rill::task<void> {
        const auto head = co_await whole(client, client_request{method::head, server.url()});
        CHECK(head.body == "");
        CHECK(head.fields["Content-Length"] == "1000");
        for (const unsigned status : {204, 304}) {
            const auto empty = co_await whole(client, client_request{method::get, server.url()});
            CHECK(empty.status == status);
            CHECK(empty.body == "");
        }
        const auto last = co_await whole(client, client_request{method::get, server.url()});
        CHECK(last.body == "end");
    });
    CHECK(server.connections() == 1);
}

TEST_CASE("interim answers are passed over") {
    scripted::server server{[](connection& c) {
        (void)c.request();
        c.send("HTTP/1.1 100 Continue\r\n\r\n"
               "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
               "HTTP/1.1 103 Early Hints\r\n\r\n" +
               response(200, "X: y\r\n", "body"));
        (void)c.is_left();
    }};
    rill::http_client client;
    const auto got = ask(client, client_request{method::post, server.url()}.body("x", "text/plain"));
    CHECK(got.status == 200);
    CHECK(got.fields["X"] == "y");
    CHECK(!got.fields.contains("Link"));
    CHECK(got.body == "body");
}

TEST_CASE("an answer that comes before the body was taken counts") {
    scripted::server server{[](connection& c) {
        (void)c.until("\r\n\r\n");
        c.send(response(413, "Connection: close\r\n", "too large"));
        c.finish();
    }};
    rill::http_client client;
    const auto got =
        ask(client, client_request{method::post, server.url()}.body(std::string(8 << 20, 'x'), "text/plain"));
    CHECK(got.status == 413);
    CHECK(got.body == "too large");
}

TEST_CASE("an answer to a body that is not taken ends its sending, and the connection") {
    scripted::server server{{[](connection& c) {
                                 c.hold_little();
                                 (void)c.until("\r\n\r\n");
                                 c.send("HTTP/1.1 100 Continue\r\n\r\n");
                                 c.send(response(401, "", "who are you?"));
                                 CHECK(c.is_left());
                             },
                             scripted::answer(response(200, "", "hello"))}};
    rill::http_client client;
    const auto got =
        ask(client, client_request{method::post, server.url()}.body(std::string(8 << 20, 'x'), {}));
    CHECK(got.status == 401);
    CHECK(got.body == "who are you?");
    CHECK(ask(client, client_request{method::get, server.url()}).body == "hello");
    CHECK(server.connections() == 2);
}

TEST_CASE("a body goes on behind interim answers, and behind the head of a 2xx") {
    scripted::server server{[](connection& c) {
        (void)c.until("\r\n\r\n");
        c.send("HTTP/1.1 100 Continue\r\n\r\n");
        (void)c.exactly(1 << 20);
        c.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
        (void)c.exactly(7 << 20);
        c.send("done");
        CHECK(!c.request().empty());
        c.send(response(200, "", "again"));
        (void)c.is_left();
    }};
    rill::http_client client;
    const auto got =
        ask(client, client_request{method::post, server.url()}.body(std::string(8 << 20, 'x'), {}));
    CHECK(got.body == "done");
    CHECK(ask(client, client_request{method::get, server.url()}).body == "again");
    CHECK(server.connections() == 1);
}

TEST_CASE("the user in a URL is in no words, also where it is no URL") {
    for (const auto* const url : {"http://user:secret@127.0.0.1:99999/", "http://user:se/secret@127.0.0.1/",
                                  "ftp://user:secret@127.0.0.1/", "user:secret@127.0.0.1"}) {
        CAPTURE(url);
        std::string words;
        try {
            (void)get(url);
        } catch (const rill::error& e) {
            words = e.what();
        }
        CHECK(words.find("127.0.0.1") != words.npos);
        CHECK(words.find("secret") == words.npos);
        CHECK_THROWS_WITH_AS(rill::http_client{url}, words.c_str(), rill::error);
    }
}

TEST_CASE("a time without end is no bound") {
    scripted::server server{scripted::answer(response(200, "", "a"))};
    rill::client_options options;
    options.first_byte_timeout = options.idle_timeout = std::chrono::milliseconds::max();
    CHECK(get(server.url(), options).body == "a");
}

TEST_CASE("the words of an error say what, where and why") {
    std::string url;
    {
        scripted::server gone{scripted::answer("")};
        url = gone.url("/path?secret=1");
    }
    try {
        (void)get(url);
        FAIL("it did not fail");
    } catch (const rill::error& e) {
        const std::string words = e.what();
        CAPTURE(words);
        CHECK(words.find("GET") != words.npos);
        CHECK(words.find("127.0.0.1") != words.npos);
        CHECK(words.find("onnection refused") != words.npos);
        CHECK(words.find('\n') == words.npos);
    }
}

TEST_CASE("localhost may have the root's dot behind it") {
    scripted::server server{scripted::answer(response(200, "", "here"))};
    CHECK(get("http://localhost.:" + std::to_string(server.port()) + "/").body == "here");
    CHECK(field(server.request(0), "Host") == "localhost.:" + std::to_string(server.port()));
}

TEST_CASE("a host that is not known is an error of the system") {
    const auto code = failure_of("http://no-such-host.invalid/");
    CHECK(code != std::error_code{});
    CHECK(code != client_errc::invalid_url);
}
