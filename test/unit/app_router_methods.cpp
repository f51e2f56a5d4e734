// What a router answers for each method.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

/// The status and the `Allow` field of an answer.
std::string allow(site& s, std::string_view method, std::string_view target) {
    auto reply = s.send(method, target);
    return fmt::format("{} {}", static_cast<int>(reply.status()),
                       reply.fields().find("Allow").value_or("(no Allow)"));
}

} // namespace

TEST_CASE("each method has its own route") {
    site s;
    s.routes.get("/", says("get"))
        .post("/", says("post"))
        .put("/", says("put"))
        .patch("/", says("patch"))
        .delete_("/", says("delete"))
        .route(rill::method::query, "/", says("query"))
        .route(rill::method::propfind, "/", says("propfind"));
    for (const auto* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "QUERY", "PROPFIND"}) {
        CAPTURE(method);
        std::string expected{"200 "};
        for (const char* c = method; *c; ++c) expected += rill::to_lower(*c);
        CHECK(s.ask(method, "/") == expected);
    }
}

TEST_CASE("a path that no pattern fits is 404, for every method") {
    site s;
    s.routes.get("/a", says("a"));
    for (const auto* method : {"GET", "POST", "DELETE", "OPTIONS", "TRACE"}) {
        CAPTURE(method);
        CHECK(allow(s, method, "/b") == "404 (no Allow)");
    }
    auto reply = s.send("GET", "/b");
    CHECK(reply.fields().find("Content-Type") == "text/plain; charset=utf-8");
    CHECK(reply.body() == "Not Found");
}

TEST_CASE("a method that the path has not is 405, with those it has") {
    site s;
    s.routes.get("/a", says("a")).post("/a", says("a")).delete_("/b", says("b"));
    CHECK(s.ask("PUT", "/a") == "405 Method Not Allowed");
    CHECK(allow(s, "PUT", "/a") == "405 GET, HEAD, POST, OPTIONS");
    CHECK(allow(s, "GET", "/b") == "405 DELETE, OPTIONS");
    CHECK(allow(s, "HEAD", "/b") == "405 DELETE, OPTIONS");
    CHECK(allow(s, "TRACE", "/b") == "405 DELETE, OPTIONS");
}

TEST_CASE("Allow tells the methods of all patterns that fit the path") {
    site s;
    s.routes.post("/a/b", says(""))
        .put("/a/{x}", says(""))
        .delete_("/{rest...}", says(""))
        .patch("/a/c", says(""));
    CHECK(allow(s, "GET", "/a/b") == "405 POST, PUT, DELETE, OPTIONS");
    CHECK(allow(s, "GET", "/a/x") == "405 PUT, DELETE, OPTIONS");
}

TEST_CASE("HEAD is answered by the handler of GET, without the body") {
    site s;
    s.routes.get("/a", [](rill::request& r) {
        CHECK(r.method() == rill::method::head);
        return rill::response::text("twelve bytes").set("X-Seen", "yes");
    });
    const auto answer = s.raw("HEAD /a HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.find("Content-Length: 12\r\n") != answer.npos);
    CHECK(answer.find("X-Seen: yes\r\n") != answer.npos);
    CHECK(answer.ends_with("\r\n\r\n"));
    auto reply = s.send("HEAD", "/a");
    CHECK(reply.complete());
    CHECK(reply.body().empty());
}

TEST_CASE("HEAD may have a route of its own") {
    site s;
    s.routes.get("/a", says("from get")).route(rill::method::head, "/a", [](rill::request&) {
        return rill::response{}.set("X-From", "head");
    });
    CHECK(s.send("HEAD", "/a").fields().find("X-From") == "head");
    CHECK(s.get("/a") == "200 from get");
}

TEST_CASE("errors to HEAD have no body either") {
    site s;
    s.routes.post("/a", says(""));
    const auto missing = s.raw("HEAD /b HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(missing.starts_with("HTTP/1.1 404 "));
    CHECK(missing.ends_with("\r\n\r\n"));
    CHECK(s.raw("HEAD /a HTTP/1.1\r\nHost: test\r\n\r\n").ends_with("\r\n\r\n"));
}

TEST_CASE("OPTIONS is answered by the router") {
    site s;
    s.routes.get("/a", says("a")).put("/a", says("a")).post("/b", says("b"));
    CHECK(allow(s, "OPTIONS", "/a") == "204 GET, HEAD, PUT, OPTIONS");
    CHECK(allow(s, "OPTIONS", "/b") == "204 POST, OPTIONS");
    CHECK(allow(s, "OPTIONS", "/c") == "404 (no Allow)");
}

TEST_CASE("OPTIONS may have a route of its own") {
    site s;
    s.routes.get("/a", says("a")).route(rill::method::options, "/a", says("my options"));
    CHECK(s.ask("OPTIONS", "/a") == "200 my options");
    CHECK(allow(s, "PUT", "/a") == "405 GET, HEAD, OPTIONS");
}

TEST_CASE("OPTIONS * asks about the whole server") {
    site s;
    s.routes.get("/a", says("a")).delete_("/b/{x}", says("b"));
    CHECK(allow(s, "OPTIONS", "*") == "204 GET, HEAD, DELETE, OPTIONS");
    s.routes.any("/c", says("c"));
    const auto all = allow(s, "OPTIONS", "*");
    CHECK(all.starts_with("204 GET, HEAD, POST, PUT,"));
    CHECK(all.find("CONNECT") == all.npos);
}

TEST_CASE("a route for any method takes those that have none of their own") {
    site s;
    s.routes
        .any("/a",
             [](rill::request& r) {
                 return rill::response::text("any " + std::string{to_string(r.method())});
             })
        .get("/a", says("get"))
        .any("/b", says("b"));
    CHECK(s.get("/a") == "200 get");
    CHECK(s.ask("POST", "/a") == "200 any POST");
    CHECK(s.ask("OPTIONS", "/a") == "200 any OPTIONS");
    CHECK(s.ask("TRACE", "/a") == "200 any TRACE");
    CHECK(s.send("HEAD", "/a").fields().find("Content-Length") == "3"); // GET's
    CHECK(s.send("HEAD", "/b").fields().find("Content-Length") == "1");
}

TEST_CASE(
    "a route for any method is passed over for a better pattern with the method, and not for a worse one") {
    site s;
    s.routes.any("/a/{x}", says("any ", "x"))
        .get("/a/b", says("literal"))
        .get("/{rest...}", says("rest ", "rest"));
    CHECK(s.get("/a/b") == "200 literal");
    CHECK(s.ask("POST", "/a/b") == "200 any b");
    CHECK(s.get("/a/c") == "200 any c");
    CHECK(s.get("/b/c") == "200 rest b/c");
}

TEST_CASE("a method that nobody knows, and CONNECT, are refused before any route is looked for") {
    site s;
    s.routes.any("/", says("any")).any("/{rest...}", says("rest"));
    CHECK(s.raw("BREW / HTTP/1.1\r\nHost: test\r\n\r\n").starts_with("HTTP/1.1 501 "));
    CHECK(s.raw("get / HTTP/1.1\r\nHost: test\r\n\r\n").starts_with("HTTP/1.1 501 "));
    CHECK(s.raw("CONNECT test:443 HTTP/1.1\r\nHost: test:443\r\n\r\n").starts_with("HTTP/1.1 501 "));
}
