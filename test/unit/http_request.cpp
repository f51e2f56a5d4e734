#include <rill/http/request.hpp>

#include <doctest/doctest.h>

TEST_CASE("the host is the target's if that has one") {
    rill::request_head head;
    CHECK(head.host().empty());
    head.fields.add("Host", "field.org");
    CHECK(head.host() == "field.org");
    head.target = *rill::target::parse("http://target.org:80/");
    CHECK(head.host() == "target.org:80");
}

TEST_CASE("a cleared head is as a new one") {
    rill::request_head head;
    head.method = rill::method::post;
    head.version = rill::version::http_1_0;
    head.target = *rill::target::parse("/a");
    head.fields.add("a", "b");
    head.shrink_to_fit();
    CHECK(head.target.path() == "/a");
    head.clear();
    CHECK(head.method == rill::method::get);
    CHECK(head.version == rill::version::http_1_1);
    CHECK(head.target.raw().empty());
    CHECK(head.fields.empty());
}
