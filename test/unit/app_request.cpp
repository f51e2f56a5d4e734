// What a handler can ask of its request, but for the body.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

using namespace std::string_literals;

namespace {

/// Routes that read a parameter and a value of the query as a `T`, and say what they read.
template <typename T>
void read_as(site& s, const std::string& name) {
    s.routes.get("/" + name + "/{x}",
                 [](rill::request& r) { return rill::response::text(fmt::format("{}", r.param<T>("x"))); });
    s.routes.get("/" + name, [](rill::request& r) {
        const auto x = r.query<T>("x");
        return rill::response::text(x ? fmt::format("{}", *x) : "nothing");
    });
}

site& typed() {
    static site s; // its routes take longer to write than to run
    static const bool filled = [] {
        read_as<int>(s, "int");
        read_as<std::uint64_t>(s, "uint64");
        read_as<std::uint8_t>(s, "uint8");
        read_as<double>(s, "double");
        read_as<bool>(s, "bool");
        read_as<std::string>(s, "string");
        return true;
    }();
    static_cast<void>(filled);
    return s;
}

} // namespace

TEST_CASE("a parameter is read as what is asked for") {
    auto& s = typed();
    CHECK(s.get("/int/-42") == "200 -42");
    CHECK(s.get("/int/%34%32") == "200 42");
    CHECK(s.get("/uint64/18446744073709551615") == "200 18446744073709551615");
    CHECK(s.get("/uint8/255") == "200 255");
    CHECK(s.get("/double/-1.5e3") == "200 -1500");
    CHECK(s.get("/bool/true") == "200 true");
    CHECK(s.get("/bool/0") == "200 false");
    CHECK(s.get("/string/12x%20y") == "200 12x y");
}

TEST_CASE("a parameter that cannot be read so is 400, and the body says which one") {
    auto& s = typed();
    CHECK(s.get("/int/abc") == "400 the path's 'x' cannot be 'abc'");
    for (const auto* path : {"/int/1x", "/int/%20", "/int/+1", "/int/%201", "/int/1.0", "/int/0x10",
                             "/int/2147483648", "/int/1%00", "/uint64/-1", "/uint64/18446744073709551616",
                             "/uint8/256", "/double/1,5", "/double/x", "/bool/yes", "/bool/TRUE"}) {
        CAPTURE(path);
        CHECK(s.get(path).starts_with("400 the path's 'x' cannot be '"));
    }
    CHECK(s.log.lines.empty());
}

TEST_CASE("a parameter that the route has not is the program's mistake: 500, and a line in the log") {
    site s;
    s.routes.get("/a/{x}", [](rill::request& r) { return rill::response::text(r.param("y")); });
    CHECK(s.get("/a/1") == "500 Internal Server Error");
    REQUIRE(s.log.lines.size() == 1);
    CHECK(s.log.lines[0] == "GET /a/1: the handler failed: the route has no parameter 'y'");
    CHECK(s.log.errors == 1);
}

TEST_CASE("a value of the query is read as what is asked for") {
    auto& s = typed();
    CHECK(s.get("/int?x=7") == "200 7");
    CHECK(s.get("/int?y=1&x=7&x=8") == "200 7");
    CHECK(s.get("/string?x=a+b%26c%3Dd&y") == "200 a b&c=d");
    CHECK(s.get("/string?x=%C3%BC") == "200 \u00fc");
    CHECK(s.get("/string?%78=1") == "200 1");
    CHECK(s.get("/string?x=") == "200 ");
    CHECK(s.get("/string?x") == "200 ");
    CHECK(s.get("/bool?x=1") == "200 true");
}

TEST_CASE("a value that is not in the query is none") {
    auto& s = typed();
    for (const auto* target : {"/int", "/int?", "/int?y=1", "/int?X=1", "/int?&&", "/int?xx=1", "/int?=1"}) {
        CAPTURE(target);
        CHECK(s.get(target) == "200 nothing");
    }
}

TEST_CASE("a value of the query that cannot be read so is 400") {
    auto& s = typed();
    CHECK(s.get("/int?x=abc") == "400 the query's 'x' cannot be 'abc'");
    CHECK(s.get("/int?x=") == "400 the query's 'x' cannot be ''");
    CHECK(s.get("/int?x") == "400 the query's 'x' cannot be ''");
    CHECK(s.get("/int?x=1+") == "400 the query's 'x' cannot be '1 '");
    CHECK(s.get("/uint8?x=-1") == "400 the query's 'x' cannot be '-1'");
}

TEST_CASE("method, path and fields are those of the request") {
    site s;
    s.routes.put("/a/{x...}", [](rill::request& r) {
        CHECK(r.method() == rill::method::put);
        CHECK(r.path() == "/a/b%20c");
        CHECK(r.fields().size() == 4);
        CHECK(r.fields().all("x-twice").size() == 2);
        CHECK(r.field("X-TWICE") == "1");
        CHECK(r.field("host") == "test");
        CHECK_FALSE(r.field("x-none"));
        return rill::response{};
    });
    CHECK(s.ask("PUT", "/a/./b%20c?d=e", {}, {{"X-Twice", "1"}, {"x-twice", "2"}, {"X-Empty", ""}}) ==
          "200 ");
}

TEST_CASE("a cookie is found by its name") {
    site s;
    s.routes.get("/", [](rill::request& r) {
        const auto cookie = r.cookie("session");
        return rill::response::text(cookie ? "is " + std::string{*cookie} : "none");
    });
    CHECK(s.get("/", {{"Cookie", "a=b; session=x=y; c=d"}}) == "200 is x=y");
    CHECK(s.get("/", {{"Cookie", "session="}}) == "200 is ");
    CHECK(s.get("/", {{"Cookie", "a=b"}, {"Cookie", "session=second"}}) == "200 is second");
    CHECK(s.get("/", {{"Cookie", "session=1; session=2"}}) == "200 is 1");
    CHECK(s.get("/", {{"Cookie", "Session=1; xsession=2; session"}}) == "200 none");
    CHECK(s.get("/") == "200 none");
}

TEST_CASE("the address is that of the peer") {
    site s;
    s.routes.get("/", [](rill::request& r) { return rill::response::text(r.remote_address()); });
    CHECK(s.get("/", {{"X-Forwarded-For", "10.0.0.1"}}) == "200 memory");
}

TEST_CASE("views that a request gives stay valid while its stream runs") {
    site s;
    s.routes.get("/{x}", [](rill::request& r) -> rill::event_stream {
        const auto field = *r.field("X-Field");
        const auto path = r.path();
        co_await rill::sleep_for(std::chrono::hours{1});
        co_yield {.id = r.param("x"), .name = path, .data = field};
    });
    auto reply = s.send("GET", "/abc", {{"X-Field", "a field that is longer than a string holds by itself"}});
    s.server().advance(std::chrono::hours{1});
    REQUIRE(reply.events().size() == 1);
    CHECK(reply.events()[0].last_event_id == "abc");
    CHECK(reply.events()[0].type == "/abc");
    CHECK(reply.events()[0].data == "a field that is longer than a string holds by itself");
}

namespace {

site& last_id() {
    static site s{rill::server_options{.limits = {.max_last_event_id = 20}}};
    static const bool filled = [] {
        s.routes.get("/",
                     [](rill::request& r) { return rill::response::text("<" + r.last_event_id() + ">"); });
        return true;
    }();
    static_cast<void>(filled);
    return s;
}

} // namespace

TEST_CASE("the last event id comes from the header or from the query, in either spelling") {
    auto& s = last_id();
    CHECK(s.get("/") == "200 <>");
    CHECK(s.get("/", {{"Last-Event-ID", "42"}}) == "200 <42>");
    CHECK(s.get("/", {{"last-event-id", "J\u00f6rg"}}) == "200 <J\u00f6rg>");
    CHECK(s.get("/?last_event_id=a%20b") == "200 <a b>");
    CHECK(s.get("/?lastEventId=c") == "200 <c>");
    CHECK(s.get("/?lastEventId=c&last_event_id=a") == "200 <a>");
}

TEST_CASE("the header wins over both forms of the query") {
    auto& s = last_id();
    CHECK(s.get("/?last_event_id=a", {{"Last-Event-ID", "h"}}) == "200 <h>");
    CHECK(s.get("/?lastEventId=c", {{"Last-Event-ID", "h"}}) == "200 <h>");
    CHECK(s.get("/?last_event_id=a", {{"Last-Event-ID", ""}}) == "200 <>");
}

TEST_CASE("a last event id that is too long is 400") {
    auto& s = last_id();
    const std::string fits(20, 'x'), long_one(21, 'x');
    CHECK(s.get("/", {{"Last-Event-ID", fits}}) == "200 <" + fits + ">");
    CHECK(s.get("/", {{"Last-Event-ID", long_one}}) == "400 the last event id is longer than 20 bytes");
    CHECK(s.get("/?last_event_id=" + long_one).starts_with("400 "));
    CHECK(s.get("/?lastEventId=" + long_one).starts_with("400 "));
}

TEST_CASE("a last event id with a NUL, or that is no UTF-8, is 400") {
    auto& s = last_id();
    CHECK(s.get("/", {{"Last-Event-ID", "\xFF"}}) == "400 the last event id is not UTF-8 without NUL");
    CHECK(s.get("/", {{"Last-Event-ID", "\xC0\x80"}}).starts_with("400 "));
    CHECK(s.get("/?last_event_id=a%00b") == "400 the last event id is not UTF-8 without NUL");
    CHECK(s.get("/?lastEventId=%00").starts_with("400 "));
}

TEST_CASE("a query that is not UTF-8 is 400 as soon as something of it is asked for") {
    auto& ids = last_id();
    auto& values = typed();
    for (const auto* query : {"x=%ff", "x=a%C0%80", "x=%ED%A0%80", "%ff=1", "x%ff=1", "x=1&y=%ff",
                              "y=%ff&x=1", "x=1&%ff", "x=%F4%90%80%80", "x=%C3"}) {
        CAPTURE(query);
        CHECK(values.get(std::string{"/string?"} + query) == "400 the query is not UTF-8");
        CHECK(values.get(std::string{"/int?"} + query) == "400 the query is not UTF-8");
        CHECK(ids.get(std::string{"/?"} + query) == "400 the query is not UTF-8");
    }
    for (const auto* query : {"last_event_id=%ff", "lastEventId=%ff", "last_event_id=1&lastEventId=%ff",
                              "last_event_id=%C3%28", "last%ffevent_id=1"}) {
        CAPTURE(query);
        CHECK(ids.get(std::string{"/?"} + query) == "400 the query is not UTF-8");
        CHECK(ids.get(std::string{"/?"} + query, {{"Last-Event-ID", "h"}}) == "200 <h>"); // nobody asks it
    }
    CHECK(values.get("/string?x=%C3%A4+%F0%9F%98%80%00&&=%20") == "200 \u00e4 \U0001F600\0"s);
    CHECK(values.get("/string/a?x=%ff") == "200 a"); // nor here
    // No route has a path that is not UTF-8, and no parameter is of one.
    for (const auto* path : {"/string/%ff", "/string/a%C0%80", "/%ff/a"})
        CHECK(values.get(path).starts_with("404"));
}
