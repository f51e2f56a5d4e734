#include <rill/http/method.hpp>

#include <doctest/doctest.h>

TEST_CASE("every method has a name, which is read back as the same method") {
    for (int i = 0; i <= static_cast<int>(rill::method::unsubscribe); ++i) {
        const auto m = static_cast<rill::method>(i);
        CAPTURE(to_string(m));
        CHECK_FALSE(to_string(m).empty());
        CHECK(rill::parse_method(to_string(m)) == m);
    }
}

TEST_CASE("names are those of the standards") {
    CHECK(to_string(rill::method::delete_) == "DELETE");
    CHECK(to_string(rill::method::m_search) == "M-SEARCH");
    CHECK(to_string(rill::method::query) == "QUERY");
    CHECK(to_string(rill::method::report) == "REPORT");
    CHECK(to_string(rill::method::unsubscribe) == "UNSUBSCRIBE");
}

TEST_CASE("another case, a part of a name or more than it is no method") {
    for (const auto name : {"", "get", "Get", "GE", "GETS", " GET", "BREW", "PRI", "DELETE_"}) {
        CAPTURE(name);
        CHECK_FALSE(rill::parse_method(name));
    }
}
