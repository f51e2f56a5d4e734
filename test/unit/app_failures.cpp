// What becomes of what handlers throw.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using rill::event_stream;
using rill::http_error;
using rill::request;
using rill::response;
using rill::sse_writer;
using rill::task;

namespace {

/// Throws something of a kind.
void raise(std::string_view kind) {
    if (kind == "http") throw http_error{rill::status::forbidden, "not you"};
    if (kind == "std") throw std::runtime_error{"the disk is full"};
    if (kind == "int") throw 42;
}

/// Routes of all forms at `/FORM/KIND`, which throw at once; at `/later/FORM/KIND`, after a while.
void throwing_routes(rill::router& routes) {
    routes.get("/plain/{kind}", [](request& r) { return raise(r.param("kind")), response{}; })
        .get("/task/{kind}",
             [](request& r) -> task<response> { co_return raise(r.param("kind")), response{}; })
        .get("/stream/{kind}",
             [](request& r) -> event_stream {
                 raise(r.param("kind"));
                 co_yield {.data = "never"};
             })
        .get("/writer/{kind}",
             [](request& r, sse_writer& w) -> task<void> {
                 raise(r.param("kind"));
                 co_await w.write({.data = "never"});
             })
        .get("/later/task/{kind}", [](request& r) -> task<response> {
            co_await rill::sleep_for(1s);
            raise(r.param("kind"));
            co_return response{};
        });
}

/// A stream that yields first, and throws then: at once, or after a while.
void streaming_routes(rill::router& routes) {
    routes.get("/stream/{kind}/{after}", [](request& r) -> event_stream {
        co_yield {.data = "one"};
        if (r.param("after") == "later") co_await rill::sleep_for(1s);
        raise(r.param("kind"));
    });
    routes.get("/writer/{kind}/{after}", [](request& r, sse_writer& w) -> task<void> {
        co_await w.write({.data = "one"});
        if (r.param("after") == "later") co_await rill::sleep_for(1s);
        raise(r.param("kind"));
    });
}

} // namespace

TEST_CASE("http_error has a status and words, or the reason of the status") {
    CHECK(http_error{rill::status::conflict, "taken"}.code() == rill::status::conflict);
    CHECK(http_error{rill::status::conflict, "taken"}.what() == std::string{"taken"});
    CHECK(http_error{rill::status::conflict}.what() == std::string{"Conflict"});
}

TEST_CASE("an http_error before the answer begins is the answer, in all forms, and no line in the log") {
    site s;
    throwing_routes(s.routes);
    for (const auto* form : {"plain", "task", "stream", "writer"}) {
        CAPTURE(form);
        auto reply = s.send("GET", fmt::format("/{}/http", form));
        CHECK(reply.status() == rill::status::forbidden);
        CHECK(reply.body() == "not you");
        CHECK(reply.fields().find("Content-Type") == "text/plain; charset=utf-8");
        CHECK(reply.complete());
    }
    CHECK(s.log.lines.empty());
}

TEST_CASE("any other exception before that is 500 without its words, which go to the log") {
    site s;
    throwing_routes(s.routes);
    for (const auto* form : {"plain", "task", "stream", "writer"}) {
        CAPTURE(form);
        CHECK(s.get(fmt::format("/{}/std", form)) == "500 Internal Server Error");
        REQUIRE(s.log.lines.size() == 1);
        CHECK(s.log.lines[0] == fmt::format("GET /{}/std: the handler failed: the disk is full", form));
        CHECK(s.get(fmt::format("/{}/int", form)) == "500 Internal Server Error");
        REQUIRE(s.log.lines.size() == 2);
        CHECK(s.log.lines[1] ==
              fmt::format("GET /{}/int: the handler failed: an exception that is no std::exception", form));
        s.log.lines.clear();
    }
}

TEST_CASE("a task that throws later is answered later") {
    site s;
    throwing_routes(s.routes);
    auto refused = s.send("GET", "/later/task/http");
    auto failed = s.send("GET", "/later/task/int");
    CHECK_FALSE(refused.has_head());
    s.server().advance(1s);
    CHECK(refused.status() == rill::status::forbidden);
    CHECK(failed.status() == rill::status::internal_server_error);
    CHECK(s.log.lines.size() == 1);
}

TEST_CASE("what is thrown after an event cuts the stream behind it, and is a line in the log") {
    for (const auto* after : {"now", "later"})
        for (const auto* form : {"stream", "writer"})
            for (const auto* kind : {"http", "std", "int"}) {
                site s;
                streaming_routes(s.routes);
                const auto target = fmt::format("/{}/{}/{}", form, kind, after);
                CAPTURE(target);
                auto reply = s.send("GET", target);
                s.server().advance(1s);
                CHECK(reply.status() == rill::status::ok);
                REQUIRE(reply.events().size() == 1);
                CHECK(reply.events()[0].data == "one");
                CHECK_FALSE(reply.complete());
                CHECK(reply.cut());
                CHECK(s.log.lines.size() == 1);
                CHECK(s.log.errors == 1);
            }
}

TEST_CASE("a stream that only waited is open: what it throws then cuts it") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        co_await rill::sleep_for(1s);
        throw http_error{rill::status::gone};
    });
    auto reply = s.send("GET", "/");
    CHECK(reply.status() == rill::status::ok);
    CHECK(reply.body() == ":\n");
    s.server().advance(1s);
    CHECK(reply.cut());
    CHECK(s.log.lines.size() == 1);
}

TEST_CASE("waiting for the body does not open a stream: an http_error after it is the answer") {
    site s;
    const auto check = [](std::string text) {
        if (text != "please") throw http_error{rill::status::unprocessable_content, "say please"};
    };
    s.routes.post("/stream", [check](request& r) -> event_stream {
        check(co_await r.text());
        co_yield {.data = "there you are"};
    });
    s.routes.post("/writer", [check](request& r, sse_writer& w) -> task<void> {
        check(co_await r.text());
        co_await w.write({.data = "there you are"});
    });
    for (const auto* path : {"/stream", "/writer"}) {
        CAPTURE(path);
        CHECK(s.ask("POST", path, "now!") == "422 say please");
        auto polite = s.server().post(path, "please");
        CHECK(polite.events().size() == 1);
        CHECK(polite.complete());
        CHECK(s.ask("POST", path, "\xFF") == "400 the body is not UTF-8");

        // The same when the body comes later than the head.
        for (const auto* body : {"now!!!", "please"}) {
            auto connection = s.server().connect();
            connection.send(fmt::format("POST {} HTTP/1.1\r\nHost: test\r\nContent-Length: 6\r\n\r\n", path));
            CHECK(connection.receive().empty());
            connection.send(body);
            CHECK(connection.receive().starts_with(body[0] == 'n' ? "HTTP/1.1 422 " : "HTTP/1.1 200 "));
        }
    }
    CHECK(s.log.lines.empty());
}

TEST_CASE("a body that cannot be had is its own answer, from a stream too") {
    site s{rill::server_options{.limits = {.max_body = 3, .body_timeout = 5s}}};
    s.routes.post("/", [](request& r) -> event_stream { co_yield {.data = co_await r.text()}; });
    const auto answer = [&s](std::string_view rest) {
        auto connection = s.server().connect();
        connection.send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
        connection.send(rest);
        s.server().advance(5s);
        return connection.receive().substr(0, 12);
    };
    CHECK(answer("4\r\n") == "HTTP/1.1 413");
    CHECK(answer("x\r\n") == "HTTP/1.1 400");
    CHECK(answer("3\r\n") == "HTTP/1.1 408");
    CHECK(answer("3\r\nabc\r\n0\r\n\r\n") == "HTTP/1.1 200");
    CHECK(s.log.lines.empty());
}

TEST_CASE("the connection goes on after a failure that was answered") {
    site s;
    throwing_routes(s.routes);
    auto connection = s.server().connect();
    for (const auto* path : {"/plain/std", "/task/int", "/stream/http", "/writer/std"}) {
        CAPTURE(path);
        connection.send(fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n\r\n", path));
        CHECK(connection.receive().starts_with("HTTP/1.1 "));
        CHECK_FALSE(connection.ended());
    }
}

TEST_CASE("what a log line quotes of a request cannot forge another one") {
    site s;
    s.routes.get("/{x}",
                 [](request& r) { return throw std::runtime_error{"bad: " + r.param("x")}, response{}; });
    CHECK(s.get("/a%0Ab%1B") == "500 Internal Server Error");
    REQUIRE(s.log.lines.size() == 1);
    CHECK(s.log.lines[0] == "GET /a%0Ab%1B: the handler failed: bad: a\\x0ab\\x1b");
}

TEST_CASE("what is thrown while a task or a stream is made, before it is a coroutine, is treated the same") {
    site s;
    s.routes.get("/task/{kind}", [](request& r) {
        raise(r.param("kind"));
        return [](request&) -> task<response> { co_return response{}; }(r);
    });
    s.routes.get("/stream/{kind}", [](request& r) {
        raise(r.param("kind"));
        return [](request&) -> event_stream { co_return; }(r);
    });
    s.routes.get("/writer/{kind}", [](request& r, sse_writer& w) {
        raise(r.param("kind"));
        return [](request&, sse_writer&) -> task<void> { co_return; }(r, w);
    });
    for (const auto* form : {"task", "stream", "writer"}) {
        CAPTURE(form);
        CHECK(s.get(fmt::format("/{}/http", form)) == "403 not you");
        CHECK(s.get(fmt::format("/{}/int", form)) == "500 Internal Server Error");
        CHECK(s.send("GET", fmt::format("/{}/none", form)).complete());
    }
}

TEST_CASE("an http_error brings header fields along, from any form of handler") {
    const auto refuse = [] {
        throw rill::http_error{rill::status::unauthorized}
            .with("WWW-Authenticate", "Basic")
            .with("X-Why", "none");
    };
    site s;
    s.routes
        .get("/plain",
             [&](rill::request&) {
                 refuse();
                 return rill::response::text("never");
             })
        .get("/events", [&](rill::request&) -> rill::event_stream {
            refuse();
            co_yield {.data = "never"};
        });
    for (const auto* path : {"/plain", "/events"}) {
        auto reply = s.send("GET", path);
        CHECK(reply.status() == rill::status::unauthorized);
        CHECK(reply.body() == "Unauthorized");
        CHECK(reply.fields().find("WWW-Authenticate") == "Basic");
        CHECK(reply.fields().find("X-Why") == "none");
    }
    CHECK_THROWS_AS(static_cast<void>(rill::http_error{rill::status::forbidden}.with("X-Why", "a\r\nb")),
                    rill::error);
}
