#include <rill/http/cookie.hpp>
#include <rill/http/error.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <string_view>

using namespace std::literals;

namespace {

std::error_code failure_of(const std::function<std::string()>& make) {
    try {
        make();
    } catch (const rill::error& e) {
        return e.code();
    }
    return {};
}

} // namespace

TEST_CASE("a cookie is found among all, by its exact name") {
    rill::fields fields;
    fields.add("Cookie", "a=1; bb=2;c=\"3\" ;  d = x y ;e=;;f;g=h=i; a=second");
    fields.add("cookie", "later=9");
    CHECK(rill::cookie(fields, "a") == "1");
    CHECK(rill::cookie(fields, "bb") == "2");
    CHECK(rill::cookie(fields, "c") == "\"3\"");
    CHECK(rill::cookie(fields, "d") == "x y");
    CHECK(rill::cookie(fields, "e") == "");
    CHECK(rill::cookie(fields, "g") == "h=i");
    CHECK(rill::cookie(fields, "later") == "9");
    for (const auto name : {"A", "b", "f", "h", "", "x y", "a=1"}) {
        CAPTURE(name);
        CHECK_FALSE(rill::cookie(fields, name));
    }
    CHECK_FALSE(rill::cookie(rill::fields{}, "a"));
}

TEST_CASE("a cookie is hidden from scripts and from other sites unless it is told otherwise") {
    CHECK(rill::set_cookie("a", "b") == "a=b; Path=/; HttpOnly; SameSite=Lax");
    CHECK(rill::set_cookie("a", "", {.max_age = 0s, .path = "/x", .http_only = false}) ==
          "a=; Path=/x; Max-Age=0; SameSite=Lax");
    CHECK(
        rill::set_cookie("a", "b", {.max_age = 24h, .secure = true, .same_site = rill::same_site::strict}) ==
        "a=b; Path=/; Max-Age=86400; Secure; HttpOnly; SameSite=Strict");
    CHECK(rill::set_cookie("a", "b", {.secure = true, .same_site = rill::same_site::none}) ==
          "a=b; Path=/; Secure; HttpOnly; SameSite=None");
}

TEST_CASE("a cookie that a browser would read otherwise is refused") {
    for (const auto name : {""sv, "a b"sv, "a=b"sv, "a;b"sv, "a\r"sv, "\0"sv})
        CHECK(failure_of([&] { return rill::set_cookie(name, "x"); }) ==
              rill::http_errc::invalid_cookie_name);
    for (const auto value :
         {" "sv, "a b"sv, "a;b"sv, "a,b"sv, "\"a\""sv, "a\\b"sv, "a\r\n"sv, "\0"sv, "\xc3\xa9"sv})
        CHECK(failure_of([&] { return rill::set_cookie("x", value); }) ==
              rill::http_errc::invalid_cookie_value);
    for (const auto path : {""sv, "a"sv, "/;x"sv, "/\n"sv, "/a b"sv})
        CHECK(failure_of([&] { return rill::set_cookie("x", "y", {.path = path}); }) ==
              rill::http_errc::invalid_cookie_path);
    CHECK(failure_of([] { return rill::set_cookie("x", "y", {.same_site = rill::same_site::none}); }) ==
          rill::http_errc::insecure_cookie);
}
