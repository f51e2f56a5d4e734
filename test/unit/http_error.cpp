#include <rill/http/error.hpp>

#include <doctest/doctest.h>

#include <string>

TEST_CASE("each error of the HTTP layer has a text of its own") {
    const std::error_code first = rill::http_errc::invalid_field_name;
    CHECK(std::string{first.category().name()} == "rill.http");
    CHECK(first.message() == "invalid field name");
    CHECK(make_error_code(rill::http_errc::insecure_cookie).message() ==
          "a cookie for other sites must be secure");
    const auto last = static_cast<int>(rill::http_errc::insecure_cookie);
    CHECK(first.category().message(last + 1) == "unknown error");
}
