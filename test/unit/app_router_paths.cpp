// Which route a path finds.
#include "app_asking.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <utility>

TEST_CASE("a path finds its route, and no other one") {
    site s;
    s.routes.get("/", says("root")).get("/users", says("users")).get("/users/new", says("new"));
    CHECK(s.get("/") == "200 root");
    CHECK(s.get("/users") == "200 users");
    CHECK(s.get("/users/new") == "200 new");
    for (const auto* path :
         {"/user", "/users/ne", "/users/newer", "/users/new/x", "/USERS", "/users/", "//", "/new"}) {
        CAPTURE(path);
        CHECK(s.get(path) == "404 Not Found");
    }
}

TEST_CASE("the query is no part of the path") {
    site s;
    s.routes.get("/a", says("a"));
    CHECK(s.get("/a?") == "200 a");
    CHECK(s.get("/a?b=/c&d=%2F") == "200 a");
}

TEST_CASE("a target in absolute form finds the route of its path") {
    site s;
    s.routes.get("/", says("root")).get("/a", says("a"));
    CHECK(s.get("http://test/a") == "200 a");
    CHECK(s.get("http://test") == "200 root");
}

TEST_CASE("a path with dot segments is resolved before it is looked up") {
    site s;
    s.routes.get("/a", says("a")).get("/a/", says("a/")).get("/b/{x}", says("b ", "x"));
    CHECK(s.get("/b/../a") == "200 a");
    CHECK(s.get("/b/%2e%2E/a/.") == "200 a/");
    CHECK(s.get("/../../b/..x") == "200 b ..x");
    CHECK(s.get("/b/..") == "404 Not Found");
}

TEST_CASE("a slash at the end makes another path") {
    site s;
    s.routes.get("/a", says("without")).get("/a/", says("with")).get("/only/", says("only"));
    CHECK(s.get("/a") == "200 without");
    CHECK(s.get("/a/") == "200 with");
    CHECK(s.get("/only/") == "200 only");
    CHECK(s.get("/only") == "404 Not Found");
}

TEST_CASE("a parameter stands for one segment that is not empty") {
    site s;
    s.routes.get("/users/{id}", says("user ", "id")).get("/users/{id}/posts", says("posts of ", "id"));
    CHECK(s.get("/users/7") == "200 user 7");
    CHECK(s.get("/users/7/posts") == "200 posts of 7");
    for (const auto* path :
         {"/users/", "/users", "/users//posts", "/users/7/", "/users/7/8", "/users/7/posts/"}) {
        CAPTURE(path);
        CHECK(s.get(path) == "404 Not Found");
    }
}

TEST_CASE("the rest stands for all that is left, nothing too") {
    site s;
    s.routes.get("/files/{path...}", says("file ", "path"));
    CHECK(s.get("/files/a") == "200 file a");
    CHECK(s.get("/files/a/b/c.txt") == "200 file a/b/c.txt");
    CHECK(s.get("/files/a//b/") == "200 file a//b/");
    CHECK(s.get("/files/") == "200 file ");
    CHECK(s.get("/files//") == "200 file /");
    CHECK(s.get("/files") == "404 Not Found");
}

TEST_CASE("empty segments are segments") {
    site s;
    s.routes.get("//", says("two slashes")).get("/a//b", says("a//b"));
    CHECK(s.get("//") == "200 two slashes");
    CHECK(s.get("/a//b") == "200 a//b");
    CHECK(s.get("/a/b") == "404 Not Found");
    CHECK(s.get("/") == "404 Not Found");
}

TEST_CASE("a literal goes before a parameter, and that before the rest") {
    site s;
    // In no helpful order.
    s.routes.get("/a/{rest...}", says("rest ", "rest"))
        .get("/a/{x}", says("param ", "x"))
        .get("/a/b", says("literal"));
    CHECK(s.get("/a/b") == "200 literal");
    CHECK(s.get("/a/c") == "200 param c");
    CHECK(s.get("/a/b/c") == "200 rest b/c");
    CHECK(s.get("/a/") == "200 rest ");
}

TEST_CASE("a branch that ends without a route is left again") {
    site s;
    s.routes.get("/users/me/photos", says("my photos"))
        .get("/users/{id}/posts", says("posts of ", "id"))
        .get("/{kind}/me/{what}",
             [](rill::request& r) { return rill::response::text(r.param("kind") + r.param("what")); })
        .get("/{all...}", says("all ", "all"));
    CHECK(s.get("/users/me/photos") == "200 my photos");
    CHECK(s.get("/users/me/posts") == "200 posts of me");
    CHECK(s.get("/users/me/likes") == "200 userslikes");
    CHECK(s.get("/users/me/likes/x") == "200 all users/me/likes/x");
    CHECK(s.get("/users/me") == "200 all users/me");
}

TEST_CASE("a pattern without the request's method is passed over") {
    site s;
    s.routes.post("/a/b", says("posted"))
        .get("/a/{x}", says("got ", "x"))
        .put("/{all...}", says("put ", "all"));
    CHECK(s.ask("POST", "/a/b") == "200 posted");
    CHECK(s.ask("GET", "/a/b") == "200 got b");
    CHECK(s.ask("PUT", "/a/b") == "200 put a/b");
}

TEST_CASE("routes of one path may name its parameters differently, for each method") {
    site s;
    s.routes.get("/{a}/x", says("get ", "a"))
        .post("/{b}/x", says("post ", "b"))
        .get("/{c}/y", says("y ", "c"));
    CHECK(s.get("/1/x") == "200 get 1");
    CHECK(s.ask("POST", "/2/x") == "200 post 2");
    CHECK(s.get("/3/y") == "200 y 3");
}

TEST_CASE("parameters are percent-decoded, segment by segment") {
    site s;
    s.routes.get("/u/{id}", says("user ", "id")).get("/f/{path...}", says("file ", "path"));
    CHECK(s.get("/u/J%C3%B6rg%20K") == "200 user J\u00f6rg K");
    CHECK(s.get("/u/a%2Fb") == "200 user a/b");
    CHECK(s.get("/u/a+b") == "200 user a+b");
    CHECK(s.get("/u/%7Bid%7D") == "200 user {id}");
    CHECK(s.get("/u/%2541") == "200 user %41"); // once, not twice
    CHECK(s.get("/f/a%20b/c%2Fd") == "200 file a b/c/d");
}

TEST_CASE("literals match however either side is encoded") {
    site s;
    s.routes.get("/caf%C3%A9/men\u00fc", says("menu"))
        .get("/a%2Fb", says("one segment"))
        .get("/a/b", says("two"));
    CHECK(s.get("/caf%c3%a9/men%C3%BC") == "200 menu");
    CHECK(s.get("/%63af%C3%A9/%6Den%C3%BC") == "200 menu");
    CHECK(s.get("/a%2Fb") == "200 one segment");
    CHECK(s.get("/a%2fb") == "200 one segment");
    CHECK(s.get("/a/b") == "200 two");
}

TEST_CASE("a path that is no UTF-8 is nobody's") {
    site s;
    s.routes.get("/u/{id}", says("user ", "id"))
        .get("/f/{path...}", says("file ", "path"))
        .get("/l", says("l"));
    CHECK(s.get("/u/%FF") == "404 Not Found");
    CHECK(s.get("/u/%C0%AF") == "404 Not Found");
    CHECK(s.get("/f/a/%ED%A0%80") == "404 Not Found");
    CHECK(s.get("/%FF") == "404 Not Found");
}

TEST_CASE("two hundred routes are told apart") {
    site s;
    for (int n = 0; n < 200; ++n) {
        const auto pattern = fmt::format("/{}/{}/{{x}}/{}", n % 7, n, n % 3);
        s.routes.get(pattern, [n](rill::request& r) {
            return rill::response::text(fmt::format("{} {}", n, r.param("x")));
        });
    }
    for (int n = 0; n < 200; ++n) {
        CHECK(s.get(fmt::format("/{}/{}/q/{}", n % 7, n, n % 3)) == fmt::format("200 {} q", n));
        CHECK(s.get(fmt::format("/{}/{}/q/{}", n % 7, n, 3)) == "404 Not Found");
    }
}

TEST_CASE("a router may be moved before it serves") {
    rill::router first;
    first.get("/a", says("a"));
    rill::router second{std::move(first)};
    second.get("/b", says("b"));
    site s;
    s.routes = std::move(second);
    CHECK(s.get("/a") == "200 a");
    CHECK(s.get("/b") == "200 b");
}

TEST_CASE("what takes the rest of a path never climbs above where it stands") {
    site s;
    s.routes.get("/f/{path...}", says("file ", "path"));
    for (const auto* climbing :
         {"..%2f..%2fetc%2fpasswd", "a/%2e%2e%2fb", "a%2F..", "a%2f.%2fb", "..%2F", "a%00b"}) {
        CAPTURE(climbing);
        CHECK(s.get(std::string{"/f/"} + climbing).starts_with("404 "));
    }
    CHECK(s.get("/f/a%2f..b") == "200 file a/..b");
    CHECK(s.get("/f/...%2f.a") == "200 file .../.a");
}
