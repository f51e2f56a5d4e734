#include <rill/base/error.hpp>
#include <rill/client/detail/proxies.hpp>
#include <rill/client/error.hpp>

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

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

TEST_CASE("all_proxy and ALL_PROXY are for what has no proxy of its own") {
    CHECK(way(reading({{"all_proxy", "p:3128"}}), "http://a/") == by);
    CHECK(way(reading({{"ALL_PROXY", "p:3128"}}), "https://a/") == by);
    CHECK(way(reading({{"all_proxy", "p:3128"}, {"ALL_PROXY", "q:1"}}), "http://a/") == by);
    CHECK(way(reading({{"http_proxy", "p:3128"}, {"all_proxy", "q:1"}}), "http://a/") == by);
    CHECK(way(reading({{"http_proxy", "p:3128"}, {"all_proxy", "q:1"}}), "https://a/") == "http://q:1");
    CHECK(way(reading({{"http_proxy", ""}, {"all_proxy", "p:3128"}}), "http://a/") == by);
}

TEST_CASE("blanks around a proxy mean nothing") {
    CHECK(way(reading({{"http_proxy", " http://p:3128 "}}), "http://a/") == by);
    CHECK(way(reading({{"http_proxy", "  "}}), "http://a/") == "direct");
}

TEST_CASE("a proxy that cannot be used fails the requests that need it, and its password is not told") {
    const std::pair<const char*, const char*> cases[]{
        {"https://p:1", "https://"},
        {"socks5://p:1", "socks5://"},
        {"socks5h://u:secret@p:1", "socks5h://"},
        {"SOCKS4A://p", "SOCKS4A://"},
        {"http://u:secret@", "URL"},
        {"p:99999", "URL"},
        {"http://", "URL"},
        {"http://u:se#cret@p:1", "%23"},
        {"u:se/cret://secret@p:1", "URL"},
        {"se cret://p", "URL"},
        {"://secret", "URL"},
    };
    for (const auto& [wrong, word] : cases) {
        for (const auto* const variable : {"http_proxy", "all_proxy", "ALL_PROXY"}) {
            CAPTURE(wrong);
            const auto all = reading({{variable, wrong}, {"https_proxy", "p:3128"}, {"no_proxy", "b"}});
            CHECK(way(all, "https://a/") == by);
            CHECK(way(all, "http://b/") == "direct");
            try {
                (void)way(all, "http://u:secret@a/");
                FAIL("it was taken");
            } catch (const rill::error& refused) {
                const std::string words{refused.what()};
                CAPTURE(words);
                CHECK(refused.code() == rill::client_errc::proxy_not_usable);
                CHECK(words.find("cret") == words.npos);
                CHECK(words.find(variable) != words.npos);
                CHECK(words.find(word) != words.npos);
            }
        }
    }
}

TEST_CASE("a proxy's password may have what a URL's may") {
    const auto field_of = [](const char* value) {
        return reading({{"http_proxy", value}}).find(*rill::url::parse("http://a/"))->authorization;
    };
    CHECK(field_of("http://u:p@p:3128") == "Basic dTpw");
    CHECK(field_of("http://u:p%40s%23s@p:3128") == "Basic dTpwQHMjcw=="); // u:p@s#s
    CHECK(field_of("http://u@p:3128") == "Basic dTo=");
    CHECK(field_of("http://u;a=1:p@p:3128") == "Basic dTthPTE6cA==");
}

TEST_CASE("NO_PROXY counts where no_proxy is not set") {
    const variables both{{"http_proxy", "p:3128"}, {"no_proxy", "a"}, {"NO_PROXY", "b"}};
    CHECK(way(reading(both), "http://a/") == "direct");
    CHECK(way(reading(both), "http://b/") == by);
    CHECK(way(reading({{"http_proxy", "p:3128"}, {"NO_PROXY", "b"}}), "http://b/") == "direct");
    CHECK(way(reading({{"http_proxy", "p:3128"}, {"no_proxy", ""}, {"NO_PROXY", "b"}}), "http://b/") == by);
}

TEST_CASE("a user and a password become a field (RFC 7617 §2)") {
    CHECK(basic_authorization("") == "");
    CHECK(basic_authorization("Aladdin:open%20sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    CHECK(basic_authorization("a:b") == "Basic YTpi");
    CHECK(basic_authorization("a:bc") == "Basic YTpiYw==");
    CHECK(basic_authorization("a") == "Basic YTo=");
    CHECK(basic_authorization(":") == "Basic Og==");
    CHECK(basic_authorization("a:%FF") == "");
}
