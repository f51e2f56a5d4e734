#include <rill/client/detail/proxy_exceptions.hpp>

#include <doctest/doctest.h>

#include <string_view>

using rill::detail::proxy_exceptions;

namespace {

bool excepts(std::string_view list, std::string_view target) {
    return proxy_exceptions{list}.contain(*rill::url::parse(target));
}

} // namespace

TEST_CASE("no_proxy names hosts and domains") {
    for (const auto* const list :
         {"a.example", ".a.example", "*.a.example", "A.Example", "a.example.", "x, a.example ,y",
          "x a.example", "x\ta.example", ",,a.example", "b.a.example:80", "example"}) {
        CAPTURE(list);
        CHECK(excepts(list, "http://b.a.example/"));
    }
    CHECK(excepts("a.example", "http://a.example/"));
    CHECK(excepts(".a.example", "http://a.example/"));
    CHECK(excepts("a.example", "http://a.example./"));
    CHECK(excepts("a.example.", "https://A.example:8443/"));
    for (const auto* const list :
         {"", ",, ,", ".", "..", "*.", "ba.example", "a.example.org", ".example.a", "x.a.example",
          "x;a.example", "a.example/", "a.exampl", "**", "*a.example"}) {
        CAPTURE(list);
        CHECK_FALSE(excepts(list, "http://a.example/"));
    }
    CHECK_FALSE(excepts("a.example", "http://ba.example/"));
    CHECK_FALSE(excepts("ocalhost", "http://localhost/"));
}

TEST_CASE("a star in no_proxy is for all hosts") {
    CHECK(excepts("*", "http://a.example/"));
    CHECK(excepts("x,*", "https://[::1]/"));
    CHECK(excepts("x *", "https://10.0.0.1/"));
}

TEST_CASE("no_proxy may name a port") {
    CHECK(excepts("a.example:8080", "http://a.example:8080/"));
    CHECK(excepts("a.example:80", "http://a.example/"));
    CHECK(excepts("127.0.0.1:8080", "http://127.0.0.1:8080/"));
    CHECK(excepts("[::1]:80", "http://[::1]/"));
    CHECK_FALSE(excepts("a.example:8080", "http://a.example/"));
    CHECK_FALSE(excepts("a.example:x", "http://a.example/"));
    CHECK_FALSE(excepts("a.example:", "http://a.example/"));
    CHECK_FALSE(excepts("127.0.0.1:9", "http://127.0.0.1/"));
    CHECK_FALSE(excepts(":80", "http://a.example/"));
    CHECK_FALSE(excepts("[::1]:81", "http://[::1]/"));
}

TEST_CASE("addresses in no_proxy are compared as addresses") {
    for (const auto* const list :
         {"127.0.0.1", "127.0.0.0/8", "127.1.0.0/8", "127.0.0.1/32", "0.0.0.0/0", "127.1", "0x7f.0.0.1",
          "::ffff:127.0.0.1", "[::ffff:7f00:1]", " 127.0.0.1 , b.example"})
        for (const auto* const target :
             {"http://127.0.0.1/", "http://127.1/", "http://0x7f.1/", "http://127.0.0.1./",
              "http://2130706433/", "http://[::ffff:127.0.0.1]/"}) {
            CAPTURE(list);
            CAPTURE(target);
            CHECK(excepts(list, target));
        }
    for (const auto* const list :
         {"::1", "[::1]", "::1/128", "[::1]/128", "::/0", "::1/64", "0:0:0:0:0:0:0:1", "::0001", "[0::1]:80"})
        for (const auto* const target : {"http://[::1]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::0001]/"}) {
            CAPTURE(list);
            CAPTURE(target);
            CHECK(excepts(list, target));
        }
    CHECK(excepts("2001:DB8::1", "http://[2001:db8:0::1]/"));
    CHECK(excepts("fd00::/8", "http://[fd12::3]/"));
    CHECK(excepts("10.0.0.128/25", "http://10.0.0.200/"));
}

TEST_CASE("other addresses are not excepted") {
    for (const auto* const list :
         {"27.0.0.1", "127.0.0.10", "0.0.1", ".0.0.1", "*.0.0.1", "1", "127.0.0.2/32", "127.0.0.1/33",
          "127.0.0.1/", "127.0.0.1/x", "127.0.0.1/-1", "126.0.0.0/8", "/8", "::/0", "::1", "a.example/8",
          "127.0.0.1/8/8", "127.0.0.1:80:80"}) {
        CAPTURE(list);
        CHECK_FALSE(excepts(list, "http://127.0.0.1/"));
    }
    for (const auto* const list : {"::2", "1", ":1", "::1/129", "::1/", "[::1", "::1]", "[]", "0.0.0.0/0",
                                   "0.0.0.1", "[::2]:80", "::2/127"}) {
        CAPTURE(list);
        CHECK_FALSE(excepts(list, "http://[::1]/"));
    }
    CHECK_FALSE(excepts("fd00::/8", "http://[fe12::3]/"));
    CHECK_FALSE(excepts("10.0.0.128/25", "http://10.0.0.100/"));
    CHECK_FALSE(excepts("10.0.0.0/8", "http://ten.example/"));
    CHECK_FALSE(excepts("0.0.0.0/0", "http://localhost/"));
}
