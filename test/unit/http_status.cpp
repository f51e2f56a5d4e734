#include <rill/http/status.hpp>

#include <doctest/doctest.h>

TEST_CASE("a registered status has a reason, another one has none") {
    CHECK(reason(rill::status::ok) == "OK");
    CHECK(reason(rill::status::content_too_large) == "Content Too Large");
    CHECK(reason(rill::status::network_authentication_required) == "Network Authentication Required");
    CHECK(reason(static_cast<rill::status>(418)).empty());
    CHECK(reason(static_cast<rill::status>(299)).empty());
}

TEST_CASE("interim responses, 204 and 304 have no body") {
    for (const auto s : {rill::status::continue_, rill::status::early_hints, rill::status::no_content,
                         rill::status::not_modified})
        CHECK_FALSE(rill::may_have_body(s));
    for (const auto s : {rill::status::ok, rill::status::reset_content, rill::status::found,
                         rill::status::bad_request, rill::status::internal_server_error})
        CHECK(rill::may_have_body(s));
}
