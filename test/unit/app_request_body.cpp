// How a handler gets the body of its request.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

using namespace std::chrono_literals;
using rill::request;
using rill::response;
using rill::task;

namespace {

/// A site that answers with the size of the body, however it is read.
void echo_routes(rill::router& routes, const rill::route_options& options = {}) {
    routes
        .post(
            "/text", [](request& r) -> task<response> { co_return response::text(co_await r.text()); },
            options)
        .post(
            "/bytes", [](request& r) -> task<response> { co_return response::text(co_await r.bytes()); },
            options)
        .post("/none", [](request&) { return response::text("none"); }, options);
}

std::string chunked(std::string_view path, std::string_view body) {
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n", path,
        body.size(), body);
}

std::string first_line(std::string_view answer) {
    return std::string{answer.substr(0, answer.find("\r\n"))};
}

} // namespace

TEST_CASE("a body comes as text and as bytes") {
    site s;
    echo_routes(s.routes);
    CHECK(s.ask("POST", "/text", "h\u00e9llo") == "200 h\u00e9llo");
    CHECK(s.ask("POST", "/bytes", "a\xFF\x01") == "200 a\xFF\x01");
    CHECK(s.ask("POST", "/text") == "200 ");
    CHECK(s.raw(chunked("/text", "in a chunk")).ends_with("\r\n\r\nin a chunk"));
}

TEST_CASE("a body that comes in pieces is waited for") {
    site s;
    echo_routes(s.routes);
    auto connection = s.server().connect();
    connection.send("POST /text HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n");
    for (const auto* piece : {"01", "234", "", "5678"}) {
        connection.send(piece);
        CHECK(connection.receive().empty());
    }
    connection.send("9");
    CHECK(connection.receive().ends_with("\r\n\r\n0123456789"));
}

TEST_CASE("text that is no UTF-8 is 400, as bytes it is fine") {
    site s;
    echo_routes(s.routes);
    CHECK(s.ask("POST", "/text", "a\xFF") == "400 the body is not UTF-8");
    CHECK(s.ask("POST", "/text", "\xED\xA0\x80") == "400 the body is not UTF-8");
    CHECK(s.ask("POST", "/bytes", "a\xFF") == "200 a\xFF");
}

TEST_CASE("the body is given once") {
    site s;
    s.routes.post("/", [](request& r) -> task<response> {
        auto first = co_await r.text();
        const auto second = co_await r.bytes();
        co_return response::text(first + "|" + second);
    });
    CHECK(s.ask("POST", "/", "once") == "200 once|");
}

TEST_CASE("a handler may read the body late") {
    site s;
    s.routes.post("/", [](request& r) -> task<response> {
        co_await rill::sleep_for(1h);
        co_return response::text(co_await r.text());
    });
    auto reply = s.server().post("/", "there for an hour");
    s.server().advance(1h);
    CHECK(reply.body() == "there for an hour");
}

TEST_CASE("a body larger than the limit is 413 before any handler runs, if its length says so") {
    site s{rill::server_options{.limits = {.max_body = 10}}};
    bool ran = false;
    s.routes.post("/", [&ran](request&) {
        ran = true;
        return response{};
    });
    CHECK(s.ask("POST", "/", "0123456789") == "200 ");
    CHECK(ran);
    ran = false;
    auto reply = s.server().post("/", "0123456789a");
    CHECK(reply.status() == rill::status::content_too_large);
    CHECK(reply.fields().contains_token("Connection", "close"));
    CHECK_FALSE(ran);
    CHECK(reply.connection().ended());
}

TEST_CASE("a chunked body larger than the limit is 413 as soon as that is seen") {
    site s{rill::server_options{.limits = {.max_body = 10}}};
    echo_routes(s.routes);
    CHECK(first_line(s.raw(chunked("/text", "0123456789"))) == "HTTP/1.1 200 OK");
    CHECK(first_line(s.raw(chunked("/text", "0123456789a"))).starts_with("HTTP/1.1 413 "));
    auto connection = s.server().connect();
    connection.send(
        "POST /bytes HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n");
    CHECK(connection.receive().empty());
    connection.send("5\r\n");
    const auto answer = connection.receive();
    CHECK(first_line(answer).starts_with("HTTP/1.1 413 "));
    CHECK(answer.find("Connection: close\r\n") != answer.npos);
    CHECK(connection.ended());
}

TEST_CASE("a route may allow less than the server, and more") {
    site s{rill::server_options{.limits = {.max_body = 10}}};
    s.routes.post("/less", [](request& r) -> task<response> { co_return response::text(co_await r.text()); },
                  {.max_body = 5});
    s.routes.post("/more", [](request& r) -> task<response> { co_return response::text(co_await r.text()); },
                  {.max_body = 100'000});
    s.routes.post("/nothing",
                  [](request& r) -> task<response> { co_return response::text(co_await r.text()); },
                  {.max_body = 0});
    CHECK(s.ask("POST", "/less", "01234") == "200 01234");
    CHECK(s.ask("POST", "/less", "012345").starts_with("413 "));
    CHECK(first_line(s.raw(chunked("/less", "012345"))).starts_with("HTTP/1.1 413 "));
    const std::string large(100'000, 'x');
    CHECK(s.ask("POST", "/more", large) == "200 " + large);
    CHECK(s.ask("POST", "/more", large + "x").starts_with("413 "));
    CHECK(s.raw(chunked("/more", large)).ends_with(large));
    CHECK(s.ask("POST", "/nothing") == "200 ");
    CHECK(s.ask("POST", "/nothing", "x").starts_with("413 "));
}

TEST_CASE("100 Continue is sent when the handler reads the body, and not before") {
    site s;
    s.routes.post("/", [](request& r) -> task<response> {
        co_await rill::sleep_for(1s);
        co_return response::text(co_await r.text());
    });
    auto connection = s.server().connect();
    connection.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    CHECK(connection.receive().empty());
    s.server().advance(1s);
    CHECK(connection.receive() == "HTTP/1.1 100 Continue\r\n\r\n");
    connection.send("hello");
    const auto answer = connection.receive();
    CHECK(first_line(answer) == "HTTP/1.1 200 OK");
    CHECK(answer.ends_with("\r\n\r\nhello"));
}

TEST_CASE("100 Continue is not sent to who sends the body anyway") {
    site s;
    echo_routes(s.routes);
    CHECK(
        first_line(s.raw(
            "POST /text HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello")) ==
        "HTTP/1.1 200 OK");
}

TEST_CASE("a handler that does not read the body answers without 100 Continue, and the connection closes") {
    site s;
    echo_routes(s.routes);
    auto connection = s.server().connect();
    connection.send("POST /none HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    const auto answer = connection.receive();
    CHECK(first_line(answer) == "HTTP/1.1 200 OK");
    CHECK(answer.find("Connection: close\r\n") != answer.npos);
    CHECK(connection.ended());
}

TEST_CASE("a small body that nobody read is skipped, and the connection goes on") {
    site s;
    echo_routes(s.routes);
    auto connection = s.server().connect();
    connection.send("POST /none HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhe");
    CHECK(connection.receive().ends_with("\r\n\r\nnone"));
    connection.send("lloPOST /text HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc");
    CHECK(connection.receive().ends_with("\r\n\r\nabc"));
}

TEST_CASE("a large body that nobody read ends the connection") {
    site s;
    echo_routes(s.routes);
    auto connection = s.server().connect();
    connection.send("POST /none HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\nhe");
    const auto answer = connection.receive();
    CHECK(first_line(answer) == "HTTP/1.1 200 OK");
    CHECK(answer.find("Connection: close\r\n") != answer.npos);
}

TEST_CASE("a body with broken framing is 400") {
    site s;
    echo_routes(s.routes);
    const std::string head = "POST /text HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const auto* body : {"xyz\r\n", "5\r\nhello!\r\n", "-1\r\n", "5 \r\nhello\r\n", "5\nhello\r\n"}) {
        CAPTURE(body);
        CHECK(first_line(s.raw(head + body)) == "HTTP/1.1 400 Bad Request");
    }
    auto connection = s.server().connect();
    connection.send(head + "5\r\nhello\r\n");
    connection.send("oops\r\n");
    CHECK(first_line(connection.receive()) == "HTTP/1.1 400 Bad Request");
    CHECK(connection.ended());
}

TEST_CASE("a handler may answer in its own words for a body that it cannot have, and the connection closes") {
    site s{rill::server_options{.limits = {.max_body = 3}}};
    s.routes.post("/", [](request& r) -> task<response> {
        try {
            static_cast<void>(co_await r.text());
        } catch (const rill::http_error& e) {
            co_return response::text(fmt::format("sorry: {}", static_cast<int>(e.code())));
        }
        co_return response{};
    });
    auto connection = s.server().connect();
    connection.send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
    connection.send("4\r\n0123\r\n");
    const auto answer = connection.receive();
    CHECK(first_line(answer) == "HTTP/1.1 200 OK");
    CHECK(answer.find("Connection: close\r\n") != answer.npos);
    CHECK(answer.ends_with("sorry: 413"));
}

TEST_CASE("a client that leaves while its body is awaited ends the handler") {
    site s;
    bool failed = false, went_on = false;
    s.routes.post("/", [&](request& r) -> task<response> {
        try {
            static_cast<void>(co_await r.text());
            went_on = true;
        } catch (...) {
            failed = true;
            throw;
        }
        co_return response{};
    });
    auto connection = s.server().connect();
    connection.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhe");
    CHECK(s.server().connections() == 1);
    connection.close();
    CHECK(s.server().connections() == 0);
    CHECK(failed);
    CHECK_FALSE(went_on);
    CHECK(s.log.lines.empty());
}
