// What a router does not take.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace {

/// The words of the exception that adding a route throws; empty if it throws none.
std::string refusal(rill::router& routes, std::string_view pattern, const rill::route_options& options = {}) {
    try {
        routes.get(pattern, says("x"), options);
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
    return "";
}

} // namespace

TEST_CASE("a malformed pattern is refused, with the pattern and the cause") {
    constexpr auto whole = "a parameter is a whole segment, as in /users/{id}";
    constexpr auto escape = "it has a malformed percent escape";
    constexpr auto query = "a query or a fragment is no part of a path";
    constexpr auto dots = "no request's path has the segments '.' and '..'";
    const std::pair<std::string_view, std::string_view> cases[]{
        {"", "it does not begin with a slash"},
        {"users", "it does not begin with a slash"},
        {"{id}", "it does not begin with a slash"},
        {"http://test/", "it does not begin with a slash"},
        {"/{", whole},
        {"/{id", whole},
        {"/id}", whole},
        {"/a{id}", whole},
        {"/{id}a", whole},
        {"/{a}{b}", "'a}{b' is no parameter's name"},
        {"/{a/b}", whole},
        {"/{}", "'' is no parameter's name"},
        {"/{...}", "'' is no parameter's name"},
        {"/{a.b}", "'a.b' is no parameter's name"},
        {"/{a..}", "'a..' is no parameter's name"},
        {"/{a....}", "'a.' is no parameter's name"},
        {"/{a b}", "'a b' is no parameter's name"},
        {"/{{a}}", "'{a}' is no parameter's name"},
        {"/{a}/{a}", "it has two parameters 'a'"},
        {"/{a}/b/{a...}", "it has two parameters 'a'"},
        {"/{a...}/b", "something follows the parameter that takes the rest"},
        {"/{a...}/", "something follows the parameter that takes the rest"},
        {"/%", escape},
        {"/%4", escape},
        {"/%zz", escape},
        {"/%FF", escape},
        {"/a?b={c}", query},
        {"/a?", query},
        {"/a#b", query},
        {"/a/../b", dots},
        {"/./a", dots},
        {"/a/..", dots},
        {"/a/%2E%2e", dots},
    };
    for (const auto& [pattern, cause] : cases) {
        rill::router routes;
        CAPTURE(pattern);
        CHECK(refusal(routes, pattern) == fmt::format("the pattern '{}': {}", pattern, cause));
    }
}

TEST_CASE("a pattern may look odd and be right") {
    for (const auto* pattern :
         {"/", "//", "/a/", "/.a", "/...", "/a..", "/{a-b}", "/{_}", "/{1}", "/{\u00fc}", "/a=b;c,d",
          "/%7Bid%7D", "/a%3Fb", "/{a}/{b}/{c}/{d...}", "/@:!$&'()*+"}) {
        rill::router routes;
        CAPTURE(pattern);
        CHECK(refusal(routes, pattern).empty());
    }
}

TEST_CASE("a second route for the same method and pattern is refused, and the first one stays") {
    site s;
    s.routes.get("/a/{x}", says("first ", "x"));
    CHECK(refusal(s.routes, "/a/{x}") == "the pattern '/a/{x}' has a route for GET already");
    CHECK(refusal(s.routes, "/a/{y}") == "the pattern '/a/{y}' has a route for GET already");
    CHECK(refusal(s.routes, "/%61/{y}") == "the pattern '/%61/{y}' has a route for GET already");
    CHECK(s.get("/a/1") == "200 first 1");
}

TEST_CASE("a second route for any method of a pattern is refused, beside one for GET it is fine") {
    rill::router routes;
    routes.get("/a", says("get")).any("/a", says("any"));
    CHECK_THROWS_WITH_AS(routes.any("/a", says("again")),
                         "the pattern '/a' has a route for any method already", std::invalid_argument);
}

TEST_CASE("a keep-alive comment that cannot be sent is refused") {
    site s;
    CHECK(refusal(s.routes, "/a", {.comment = "two\nlines"}) ==
          "the pattern '/a': the comment of an event has a line end");
    CHECK_FALSE(refusal(s.routes, "/a", {.comment = "a\rb"}).empty());
    CHECK_FALSE(refusal(s.routes, "/a", {.comment = "\xFF"}).empty());
    CHECK(s.get("/a") == "404 Not Found");
}

TEST_CASE("a route that was refused may be added rightly after that") {
    rill::router routes;
    CHECK_FALSE(refusal(routes, "/a", {.comment = "\n"}).empty());
    CHECK(refusal(routes, "/a", {.comment = "ping"}).empty());
    CHECK_THROWS_AS(routes.any("/a", says("x"), {.comment = "\n"}), std::invalid_argument);
    CHECK_NOTHROW(routes.any("/a", says("x")));
}

TEST_CASE("options that were refused leave no trace in what the router allows") {
    site s;
    s.routes.post("/a", says("a"));
    CHECK_FALSE(refusal(s.routes, "/a", {.comment = "\n"}).empty());
    CHECK(s.ask("GET", "/a") == "405 Method Not Allowed");
    CHECK(s.send("GET", "/a").fields().find("Allow") == "POST, OPTIONS");
    CHECK(s.send("OPTIONS", "*").fields().find("Allow") == "POST, OPTIONS");
}
