#include <rill/base/error.hpp>
#include <rill/client/client_request.hpp>
#include <rill/http/error.hpp>

#include <doctest/doctest.h>

using rill::client_request;

TEST_CASE("a request is put together in one expression") {
    const auto request = client_request{rill::method::post, "/v1"}
                             .set("X-Key", "1")
                             .set("x-key", "2")
                             .body("{}", "application/json");
    CHECK(request.method() == rill::method::post);
    CHECK(request.url() == "/v1");
    CHECK(request.fields().all("X-Key").size() == 1);
    CHECK(request.fields()["X-Key"] == "2");
    CHECK(request.fields()["Content-Type"] == "application/json");
    CHECK(request.body() == "{}");
}

TEST_CASE("an empty body is one, and no body is none") {
    CHECK_FALSE(client_request{rill::method::get, "/"}.has_body());
    const auto empty = client_request{rill::method::post, "/"}.body("", "");
    CHECK(empty.has_body());
    CHECK(empty.body().empty());
    CHECK_FALSE(empty.fields().contains("Content-Type"));
}

TEST_CASE("fields that would make another request are refused") {
    client_request request{rill::method::get, "/"};
    CHECK_THROWS_AS(request.set("X", "a\r\nY: b"), rill::error);
    CHECK_THROWS_AS(request.set("X Y", "a"), rill::error);
    CHECK_THROWS_AS(request.body("", "text/plain\n"), rill::error);
    CHECK(request.fields().empty());
}
