#include <rill/base/error.hpp>
#include <rill/client/detail/proxies.hpp>
#include <rill/client/error.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>

using rill::detail::basic_authorization;
using rill::detail::proxies;

namespace {

using variables = std::map<std::string, std::string>;

proxies reading(const variables& environment) {
    return proxies{[&](const char* name) -> const char* {
        const auto found = environment.find(name);
        return found == environment.end() ? nullptr : found->second.c_str();
    }};
}

/// The proxy for `target`, or `direct`.
std::string way(const proxies& all, std::string_view target) {
    const auto* const found = all.find(*rill::url::parse(target));
    return found ? found->where.origin() : "direct";
}

/// The same with `no_proxy`.
std::string way_without(const std::string& exceptions, std::string_view target) {
    return way(reading({{"http_proxy", "p:3128"}, {"https_proxy", "p:3128"}, {"no_proxy", exceptions}}),
               target);
}

const std::string by = "http://p:3128";

} // namespace

TEST_CASE("without variables everything is reached directly") {
    CHECK(way(proxies{}, "http://a/") == "direct");
    CHECK(way(reading({}), "https://a/") == "direct");
    CHECK(way(reading({{"http_proxy", ""}, {"https_proxy", ""}}), "http://a/") == "direct");
}

TEST_CASE("each scheme has its proxy") {
    const auto all = reading({{"http_proxy", "http://one:1"}, {"https_proxy", "http://two:2/"}});
    CHECK(way(all, "http://a/") == "http://one:1");
    CHECK(way(all, "https://a/") == "http://two:2");
}

TEST_CASE("a proxy needs no scheme") {
    CHECK(way(reading({{"http_proxy", "p:3128"}}), "http://a/") == by);
    CHECK(way(reading({{"http_proxy", "p"}}), "http://a/") == "http://p:80");
}

TEST_CASE("HTTPS_PROXY counts, and HTTP_PROXY does not, since it may come from a request") {
    const auto all = reading({{"HTTP_PROXY", "p:3128"}, {"HTTPS_PROXY", "p:3128"}});
    CHECK(way(all, "http://a/") == "direct");
    CHECK(way(all, "https://a/") == by);
    CHECK(way(reading({{"https_proxy", "q:1"}, {"HTTPS_PROXY", "p:3128"}}), "https://a/") == "http://q:1");
}

TEST_CASE("a proxy that is no http:// is refused, and its password not told") {
    for (const auto* wrong : {"https://p:1", "socks5://p:1", "http://u:secret@", "p:99999", "http://"}) {
        CAPTURE(wrong);
        try {
            static_cast<void>(reading({{"http_proxy", wrong}}));
            FAIL("it was taken");
        } catch (const rill::error& refused) {
            CHECK(refused.code() == rill::client_errc::invalid_url);
            CHECK(std::string{refused.what()}.find("secret") == std::string::npos);
            CHECK(std::string{refused.what()}.find("http_proxy") != std::string::npos);
        }
    }
}

TEST_CASE("no_proxy names hosts and domains") {
    CHECK(way_without("a.example", "http://a.example/") == "direct");
    CHECK(way_without("a.example", "https://b.a.example:8443/") == "direct");
    CHECK(way_without(".a.example", "http://b.a.example/") == "direct");
    CHECK(way_without(".a.example", "http://a.example/") == "direct");
    CHECK(way_without("*.a.example", "http://b.a.example/") == "direct");
    CHECK(way_without("A.Example", "http://a.example/") == "direct");
    CHECK(way_without("x, a.example ,y", "http://a.example/") == "direct");
    CHECK(way_without("a.example", "http://ba.example/") == by);
    CHECK(way_without("a.example", "http://a.example.org/") == by);
    CHECK(way_without("a.example", "http://example/") == by);
    CHECK(way_without(",, ,", "http://a.example/") == by);
    CHECK(way_without(".", "http://a.example/") == by);
}

TEST_CASE("a star in no_proxy is for all hosts") {
    CHECK(way_without("*", "http://a.example/") == "direct");
    CHECK(way_without("x,*", "https://a.example/") == "direct");
}

TEST_CASE("no_proxy may name a port") {
    CHECK(way_without("a.example:8080", "http://a.example:8080/") == "direct");
    CHECK(way_without("a.example:80", "http://a.example/") == "direct");
    CHECK(way_without("a.example:8080", "http://a.example/") == by);
    CHECK(way_without("a.example:x", "http://a.example/") == by);
    CHECK(way_without("a.example:", "http://a.example/") == by);
    CHECK(way_without(":80", "http://a.example/") == by);
    CHECK(way_without("[::1]:80", "http://[::1]/") == "direct");
    CHECK(way_without("[::1]:81", "http://[::1]/") == by);
}

TEST_CASE("no_proxy may name addresses and networks") {
    CHECK(way_without("127.0.0.1", "http://127.0.0.1:5800/") == "direct");
    CHECK(way_without("10.0.0.0/8", "http://10.1.2.3/") == "direct");
    CHECK(way_without("10.0.0.0/8", "http://11.1.2.3/") == by);
    CHECK(way_without("10.0.0.0/8", "http://ten.example/") == by);
    CHECK(way_without("10.0.0.0/99", "http://10.1.2.3/") == by);
    CHECK(way_without("::1", "http://[::1]/") == "direct");
    CHECK(way_without("[::1]", "http://[::1]/") == "direct");
    CHECK(way_without("fd00::/8", "http://[fd12::3]/") == "direct");
    CHECK(way_without("fd00::/8", "http://[fe12::3]/") == by);
    CHECK(way_without("fd00::/8", "http://10.0.0.1/") == by);
}

TEST_CASE("NO_PROXY counts where no_proxy is not set") {
    const variables both{{"http_proxy", "p:3128"}, {"no_proxy", "a"}, {"NO_PROXY", "b"}};
    CHECK(way(reading(both), "http://a/") == "direct");
    CHECK(way(reading(both), "http://b/") == by);
    CHECK(way(reading({{"http_proxy", "p:3128"}, {"NO_PROXY", "b"}}), "http://b/") == "direct");
}

TEST_CASE("a user and a password become a field (RFC 7617 §2)") {
    CHECK(basic_authorization("") == "");
    CHECK(basic_authorization("Aladdin:open%20sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    CHECK(basic_authorization("a:b") == "Basic YTpi");
    CHECK(basic_authorization("a:bc") == "Basic YTpiYw==");
    CHECK(basic_authorization("a") == "Basic YTo=");
    CHECK(basic_authorization(":") == "Basic Og==");
    CHECK(basic_authorization("a:%FF") == "");
    const auto all = reading({{"http_proxy", "http://u:p@p:3128"}});
    CHECK(all.find(*rill::url::parse("http://a/"))->authorization == "Basic dTpw");
}
