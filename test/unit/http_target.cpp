#include <rill/http/target.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace std::literals;

namespace {

std::string path_of(std::string_view text) {
    const auto target = rill::target::parse(text);
    return target ? std::string{target->path()} : "refused";
}

} // namespace

TEST_CASE("a target in origin form has a path and a query") {
    const auto target = rill::target::parse("/a/b?c=d?e/f&g");
    REQUIRE(target);
    CHECK(target->form() == rill::target_form::origin);
    CHECK(target->raw() == "/a/b?c=d?e/f&g");
    CHECK(target->path() == "/a/b");
    CHECK(target->query() == "c=d?e/f&g");
    CHECK(target->authority().empty());
    CHECK(rill::target::parse("/?")->query().empty());
    CHECK(rill::target::parse("/")->query().empty());
}

TEST_CASE("dot segments are removed, escaped ones too, and nothing climbs above the root") {
    struct {
        std::string_view from, to;
    } const cases[]{
        {"/", "/"},
        {"/a", "/a"},
        {"/a/", "/a/"},
        {"/.", "/"},
        {"/..", "/"},
        {"/./", "/"},
        {"/../", "/"},
        {"/a/.", "/a/"},
        {"/a/..", "/"},
        {"/a/./b", "/a/b"},
        {"/a/../b", "/b"},
        {"/a/b/c/./../../g", "/a/g"},
        {"/../../../etc/passwd", "/etc/passwd"},
        {"/a/%2e/b", "/a/b"},
        {"/a/%2E%2e/b", "/b"},
        {"/a/.%2e/b", "/b"},
        {"/a/%2E./b", "/b"},
        {"/%2e%2e/%2e%2e/b", "/b"},
        {"/a/%2e%2e", "/"},
        {"//", "//"},
        {"//a//b", "//a//b"},
        {"/a//..", "/a/"},
        {"/a//../b", "/a/b"},
        {"/...", "/..."},
        {"/.a/..b/c..", "/.a/..b/c.."},
        {"/a/%2e%2e%2e/b", "/a/%2e%2e%2e/b"},
        {"/a%2f..%2fb", "/a%2f..%2fb"},
        {"/a/..?x/../y", "/"},
        {"/%41%2541", "/%41%2541"},
        {"/a|b{c}\"<>^`\\[]", "/a|b{c}\"<>^`\\[]"},
    };
    for (const auto& [from, to] : cases) {
        CAPTURE(from);
        CHECK(path_of(from) == to);
        CHECK(rill::target::parse(from)->raw() == from);
    }
}

TEST_CASE("what is no target is refused") {
    for (const auto text : {""sv,
                            "a"sv,
                            "a/b"sv,
                            "?a"sv,
                            "#"sv,
                            "/#"sv,
                            "/a#b"sv,
                            "/a?b#c"sv,
                            "/%"sv,
                            "/%4"sv,
                            "/%g0"sv,
                            "/%0g"sv,
                            "/a%"sv,
                            "/?%"sv,
                            "/?a=%zz"sv,
                            "/ "sv,
                            "/a b"sv,
                            "/\t"sv,
                            "/\r"sv,
                            "/\n"sv,
                            "/\0"sv,
                            "/\x7f"sv,
                            "/\xc3\xa9"sv,
                            "/\xff"sv,
                            "*"sv,
                            "*/"sv,
                            "http:"sv,
                            "http:/a"sv,
                            "http://"sv,
                            "http:///a"sv,
                            "http://?a"sv,
                            "ftp://x/"sv,
                            "file:///etc/passwd"sv,
                            "x:80"sv,
                            "http://u@x/"sv,
                            "http://u:p@x/"sv,
                            "http://x:y/"sv,
                            "http://x:65536/"sv,
                            "http://[::1/"sv,
                            "http://[x]/"sv,
                            "http://x#"sv,
                            "javascript:alert(1)"sv,
                            "://x"sv}) {
        CAPTURE(text);
        CHECK_FALSE(rill::target::parse(text));
    }
}

TEST_CASE("a target in absolute form tells its authority") {
    const auto target = rill::target::parse("HTTP://Example.org:8080/a/../b?c");
    REQUIRE(target);
    CHECK(target->form() == rill::target_form::absolute);
    CHECK(target->authority() == "Example.org:8080");
    CHECK(target->path() == "/b");
    CHECK(target->query() == "c");
    CHECK(target->raw() == "HTTP://Example.org:8080/a/../b?c");
    CHECK(path_of("http://x") == "/");
    CHECK(path_of("https://x?a") == "/");
    CHECK(rill::target::parse("https://x?a/b")->query() == "a/b");
}

TEST_CASE("an authority is a name or an address, with a port or without") {
    for (const auto host : {"x", "a.b-c_d~e", "127.0.0.1", "x:", "x:0", "x:65535", "[::]", "[::1]:80",
                            "[1::]", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7::]", "[::2:3:4:5:6:7:8]",
                            "[::ffff:192.0.2.1]", "[1:2:3:4:5:6:192.0.2.1]", "%C3%A9.org", "a!$&'()*+,;=b"}) {
        CAPTURE(host);
        const auto target = rill::target::parse("http://"s + host + "/");
        REQUIRE(target);
        CHECK(target->authority() == host);
    }
    for (const auto host : {":80",
                            "x:-1",
                            "x:+1",
                            "x:1 ",
                            "x:80:80",
                            "x:99999",
                            "a@b",
                            "%",
                            "%4",
                            "%xy",
                            "[",
                            "[]",
                            "[:]",
                            "[:::]",
                            "[1:2:3:4:5:6:7]",
                            "[1:2:3:4:5:6:7:8:9]",
                            "[::1::]",
                            "[1:2:3:4:5:6:7:8::]",
                            "[12345::]",
                            "[g::]",
                            "[::1]x",
                            "[::1]:x",
                            "[1:]",
                            "[:1]",
                            "[::1.2.3]",
                            "[::1.2.3.4.5]",
                            "[::01.2.3.4]",
                            "[::1.2.3.256]",
                            "[::1.2.3.4:5]",
                            "[1:2:3:4:5:6:7:1.2.3.4]",
                            "[fe80::1%25eth0]",
                            "[v1.x]",
                            "x]",
                            "a\"b",
                            "a<b",
                            "a\\b"}) {
        CAPTURE(host);
        CHECK_FALSE(rill::target::parse("http://"s + host + "/"));
    }
}

TEST_CASE("the form must be the method's") {
    const auto options = rill::target::parse("*", rill::method::options);
    REQUIRE(options);
    CHECK(options->form() == rill::target_form::asterisk);
    CHECK(options->path() == "*");
    CHECK_FALSE(rill::target::parse("*", rill::method::post));
    CHECK(rill::target::parse("/a", rill::method::options)->path() == "/a");

    const auto connect = rill::target::parse("x.org:443", rill::method::connect);
    REQUIRE(connect);
    CHECK(connect->form() == rill::target_form::authority);
    CHECK(connect->authority() == "x.org:443");
    CHECK(connect->path().empty());
    CHECK(rill::target::parse("[::1]:443", rill::method::connect));
    for (const auto text : {"/", "x.org", "x.org:", "http://x.org/", "*", "[::1]", "1.2.3.4"}) {
        CAPTURE(text);
        CHECK_FALSE(rill::target::parse(text, rill::method::connect));
    }
}

TEST_CASE("values of the query are decoded as a form is") {
    const auto target = rill::target::parse(
        "/?a=1&b=x+y%2Bz&&a=2&c&d=&e=f=g&%61=3&n%20m=J%C3%B6rg&bad=%FF&bad=ok&z=%00&=none");
    REQUIRE(target);
    CHECK(target->query_value("a") == "1");
    CHECK(target->query_values("a") == std::vector{"1"s, "2"s, "3"s});
    CHECK(target->query_value("b") == "x y+z");
    CHECK(target->query_value("c") == "");
    CHECK(target->query_value("d") == "");
    CHECK(target->query_value("e") == "f=g");
    CHECK(target->query_value("n m") == "J\xc3\xb6rg");
    CHECK(target->query_value("bad") == "ok");
    CHECK(target->query_value("z") == "\0"s);
    CHECK(target->query_value("") == "none");
    CHECK_FALSE(target->query_value("A"));
    CHECK_FALSE(target->query_value("f"));
    CHECK(target->query_values("f").empty());
    CHECK_FALSE(rill::target::parse("/")->query_value(""));
}

TEST_CASE("percent escapes are decoded whole or not at all") {
    CHECK(rill::percent_decode("") == "");
    CHECK(rill::percent_decode("a+b%20c%2f%2F%25") == "a+b c//%");
    CHECK(rill::percent_decode("%F0%9F%98%80") == "\xf0\x9f\x98\x80");
    CHECK(rill::percent_decode("%00") == "\0"s);
    for (const auto text :
         {"%", "a%", "%4", "a%4", "%g0", "%0g", "%%41", "%FF", "%C3", "%C3x", "%ED%A0%80", "\xff"}) {
        CAPTURE(text);
        CHECK_FALSE(rill::percent_decode(text));
    }
}

TEST_CASE("a target is reused, and comes in pieces") {
    rill::target target;
    for (const auto piece : {"http://x", ".org/a/", "../b", "?q"}) target.append(piece);
    CHECK(target.finish(rill::method::get));
    CHECK(target.path() == "/b");
    target.clear();
    CHECK(target.raw().empty());
    target.append("/c");
    CHECK(target.finish(rill::method::get));
    CHECK(target.form() == rill::target_form::origin);
    CHECK(target.path() == "/c");
    CHECK(target.authority().empty());
    CHECK(target.query().empty());
    target.shrink_to_fit();
    CHECK(target.path() == "/c");
}

TEST_CASE("a copy of a target stands alone") {
    auto first = rill::target::parse("/a/../b?c=d");
    const auto copy = *first; // NOLINT(performance-unnecessary-copy-initialization)
    first.reset();
    CHECK(copy.path() == "/b");
    CHECK(copy.query_value("c") == "d");
}
