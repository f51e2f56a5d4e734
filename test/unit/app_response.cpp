#include <rill/http/error.hpp>

#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>

using rill::request;
using rill::response;

namespace {

std::string body_of(response r) {
    return std::get<std::string>(r.body());
}

/// The head that a site sends for `r`, and its body.
std::string sent(response (*make)()) {
    site s;
    s.routes.get("/", [make](request&) { return make(); });
    return s.raw("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("a response is a status, without a body") {
    CHECK(response{}.status() == rill::status::ok);
    const response r = rill::status::no_content;
    CHECK(r.status() == rill::status::no_content);
    CHECK(r.fields().empty());
}

TEST_CASE("text, html, json and bytes have their media types") {
    const auto type = [](const response& r) { return r.fields().find("Content-Type"); };
    CHECK(type(response::text("a")) == "text/plain; charset=utf-8");
    CHECK(type(response::html("a")) == "text/html; charset=utf-8");
    CHECK(type(response::json("a")) == "application/json");
    CHECK(type(response::bytes("a", "image/png")) == "image/png");
    CHECK(body_of(response::text("a")) == "a");
    CHECK(body_of(response::bytes(std::string("a\0b", 3), "x/y")).size() == 3);
    CHECK(response::text("no", rill::status::forbidden).status() == rill::status::forbidden);
    CHECK(response::html("no", rill::status::not_found).status() == rill::status::not_found);
    CHECK(response::json("{}", rill::status::created).status() == rill::status::created);
    CHECK(response::bytes("a", "x/y").status() == rill::status::ok);
}

TEST_CASE("a stream has the fields that keep proxies from holding it") {
    const auto events = []() -> rill::event_stream { co_yield {.data = "x"}; };
    const response r{events()};
    CHECK(r.status() == rill::status::ok);
    CHECK(r.fields().find("Content-Type") == "text/event-stream");
    CHECK(r.fields().find("Cache-Control") == "no-store, no-transform");
    CHECK(r.fields().find("X-Accel-Buffering") == "no");
    CHECK_FALSE(r.fields().contains("Content-Length"));
}

TEST_CASE("set puts a field in place of those of its name, in a chain or not") {
    auto r = response::text("x").set("X-A", "1").set("Content-Type", "text/markdown");
    r.set("x-a", "2").set("X-B", " trimmed ");
    CHECK(r.fields().find("X-A") == "2");
    CHECK(r.fields().all("X-A").size() == 1);
    CHECK(r.fields().find("X-B") == "trimmed");
    CHECK(r.fields().all("Content-Type").size() == 1);
    r.fields().add("Set-Cookie", "a=1");
    r.fields().add("Set-Cookie", "b=2");
    CHECK(r.fields().all("Set-Cookie").size() == 2);
}

TEST_CASE("a field that would forge a message is refused, and changes nothing") {
    auto r = response::text("x").set("X-A", "1");
    const auto code_of = [&r](std::string_view name, std::string_view value) -> std::error_code {
        try {
            r.set(name, value);
        } catch (const rill::error& e) {
            return e.code();
        }
        return {};
    };
    for (const std::string_view name :
         {std::string_view{""}, std::string_view{"X A"}, std::string_view{"X:A"}, std::string_view{"X\r\nA"},
          std::string_view{"X\0A", 3}, std::string_view{"\u00fc"}}) {
        CAPTURE(name);
        CHECK(code_of(name, "1") == rill::http_errc::invalid_field_name);
    }
    for (const std::string_view value :
         {std::string_view{"a\r\nSet-Cookie: x=1"}, std::string_view{"a\nb"}, std::string_view{"a\rb"},
          std::string_view{"a\0b", 3}, std::string_view{"a\x7F"}}) {
        CAPTURE(value);
        CHECK(code_of("X-A", value) == rill::http_errc::invalid_field_value);
    }
    CHECK(r.fields().find("X-A") == "1");
    CHECK(r.fields().size() == 2);
    CHECK_THROWS_AS(static_cast<void>(response::bytes("x", "a\r\nb")), rill::error);
}

TEST_CASE("a handler that sets a field from its input is safe: it fails, and the log tells") {
    site s;
    s.routes.get("/{to}",
                 [](request& r) { return response{rill::status::found}.set("Location", r.param("to")); });
    CHECK(s.get("/a%0D%0ASet-Cookie:x=1") == "500 Internal Server Error");
    CHECK(s.log.errors == 1);
    CHECK(s.send("GET", "/ok").fields().find("Location") == "ok");
}

TEST_CASE("a status without a body is sent with none, and says so") {
    const auto ok = sent([] { return response{}; });
    CHECK(ok.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(has(ok, "Content-Length: 0\r\n"));
    CHECK(ok.ends_with("\r\n\r\n"));
    const auto none = sent([] { return response{rill::status::no_content}; });
    CHECK(none.starts_with("HTTP/1.1 204 No Content\r\n"));
    CHECK_FALSE(has(none, "Content-Length"));
    const auto unmodified = sent([] { return response::text("dropped", rill::status::not_modified); });
    CHECK(unmodified.starts_with("HTTP/1.1 304 Not Modified\r\n"));
    CHECK_FALSE(has(unmodified, "dropped"));
}

TEST_CASE("a code without a name is sent without a reason, any error has a body of its own") {
    CHECK(sent([] {
              return response::text("slow down", static_cast<rill::status>(599));
          }).starts_with("HTTP/1.1 599 \r\n"));
    CHECK(sent([] { return response::html("<p>gone", rill::status::gone); }).ends_with("\r\n\r\n<p>gone"));
}

TEST_CASE("a status that ends no request is the program's mistake: 500, and a line in the log") {
    for (const int code : {0, 99, 100, 101, 103, 199, 600, 1000}) {
        CAPTURE(code);
        site s;
        s.routes.get("/plain", [code](request&) { return response{static_cast<rill::status>(code)}; });
        s.routes.get("/later", [code](request&) -> rill::task<response> {
            co_await rill::sleep_for(rill::duration::zero());
            co_return response{static_cast<rill::status>(code)};
        });
        CHECK(s.get("/plain") == "500 Internal Server Error");
        CHECK(s.get("/later") == "500 Internal Server Error");
        CHECK(s.log.errors == 2);
    }
}

TEST_CASE("what belongs to the connection is not for handlers to set") {
    const auto answer = sent([] {
        return response::text("four")
            .set("Content-Length", "1")
            .set("Transfer-Encoding", "chunked")
            .set("Connection", "close");
    });
    CHECK(has(answer, "Content-Length: 4\r\n"));
    CHECK_FALSE(has(answer, "Transfer-Encoding"));
    CHECK_FALSE(has(answer, "Connection: close"));
}

TEST_CASE("every answer has one Date, a handler's own instead of ours") {
    const auto ours = sent([] { return response{}; });
    CHECK(has(ours, "\r\nDate: "));
    const auto own = sent([] { return response{}.set("Date", "Sun, 06 Nov 1994 08:49:37 GMT"); });
    CHECK(has(own, "\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    CHECK(own.find("Date:") == own.rfind("Date:"));
}
