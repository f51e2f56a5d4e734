#include <rill/http/limits.hpp>

#include <doctest/doctest.h>

using namespace std::literals;

TEST_CASE("one limit is set and the others keep their defaults") {
    const rill::limits limits{.max_head = 1024, .idle_timeout = 5s};
    CHECK(limits.max_head == 1024);
    CHECK(limits.idle_timeout == 5000ms);
    CHECK(limits.max_fields == 100);
    CHECK(limits.max_target == 8192);
    CHECK(limits.max_body == 1'048'576);
    CHECK(limits.head_timeout == 10s);
    CHECK(limits.body_timeout == 30s);
    CHECK(limits.write_timeout == 30s);
}
