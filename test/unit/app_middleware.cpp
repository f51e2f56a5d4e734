#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using rill::event_stream;
using rill::next;
using rill::request;
using rill::response;
using rill::task;

namespace {

/// Notes when it is entered and left.
auto notes(std::string& log, char name) {
    return [&log, name](request& r, next rest) -> task<response> {
        log += name;
        auto answer = co_await rest(r);
        log += static_cast<char>(name - 'a' + 'A');
        co_return answer;
    };
}

/// Adds a field to whatever the answer is.
task<response> marks(request& r, next rest) {
    auto answer = co_await rest(r);
    answer.set("X-Marked", "yes");
    co_return answer;
}

using rill::middleware;
static_assert(middleware<decltype(&marks)>);
static_assert(middleware<task<response> (*)(request&, const next&)>);
static_assert(!middleware<response (*)(request&, next)> && !middleware<task<response> (*)(request&)>);
static_assert(!middleware<task<void> (*)(request&, next)> &&
              !middleware<task<response> (*)(request&, next&)>);

} // namespace

TEST_CASE("what is added first is the outermost, whenever the routes were added") {
    site s;
    std::string log;
    s.routes.use(notes(log, 'a'));
    s.routes.get("/", [&log](request&) { return log += '-', response{}; });
    s.routes.use(notes(log, 'b')).use(notes(log, 'c'));
    CHECK(s.get("/") == "200 ");
    CHECK(log == "abc-CBA");
}

TEST_CASE("a middleware may answer by itself, and nothing behind it runs") {
    site s;
    std::string log;
    s.routes.use(notes(log, 'a'));
    s.routes.use([](request& r, next rest) -> task<response> {
        if (!r.field("Authorization")) co_return response::text("who are you?", rill::status::unauthorized);
        co_return co_await rest(r);
    });
    s.routes.use(notes(log, 'b'));
    s.routes.get("/", says("hello"));
    CHECK(s.get("/") == "401 who are you?");
    CHECK(log == "aA");
    CHECK(s.get("/", {{"Authorization", "yes"}}) == "200 hello");
    CHECK(log == "aAabBA");
}

TEST_CASE("a middleware goes around all forms of handlers, and may wait") {
    site s;
    s.routes.use([](request& r, next rest) -> task<response> {
        co_await rill::sleep_for(1s);
        auto answer = co_await rest(r);
        co_await rill::sleep_for(1s);
        co_return std::move(answer).set("X-Marked", "yes");
    });
    s.routes.get("/plain", says("plain"))
        .get("/task", [](request&) -> task<response> { co_return response::text("task"); })
        .get("/stream", [](request&) -> event_stream { co_yield {.data = "stream"}; })
        .get("/writer",
             [](request&, rill::sse_writer& w) -> task<void> { co_await w.write({.data = "writer"}); });
    for (const auto* form : {"plain", "task", "stream", "writer"}) {
        CAPTURE(form);
        auto reply = s.send("GET", fmt::format("/{}", form));
        s.server().advance(1999ms);
        CHECK_FALSE(reply.has_head());
        s.server().advance(1ms);
        CHECK(reply.fields().find("X-Marked") == "yes");
        CHECK(reply.body().find(form) != std::string::npos);
        CHECK(reply.complete());
    }
}

TEST_CASE("a stream that a middleware passed on streams, with the fields that it added or replaced") {
    site s;
    s.routes.use([](request& r, next rest) -> task<response> {
        auto answer = co_await rest(r);
        answer.set("Cache-Control", "no-cache");
        answer.fields().add("Set-Cookie", "seen=1");
        co_return answer;
    });
    s.routes.get("/", [](request&) -> event_stream {
        for (int n = 1;; ++n) {
            co_await rill::sleep_for(1s);
            co_yield {.data = std::to_string(n)};
        }
    });
    auto reply = s.send("GET", "/");
    CHECK(reply.fields().all("Cache-Control") == std::vector<std::string_view>{"no-cache"});
    CHECK(reply.fields().find("Set-Cookie") == "seen=1");
    s.server().advance(3s);
    CHECK(reply.events().size() == 3);
    reply.close();
    CHECK(s.server().connections() == 0);
}

TEST_CASE("a middleware goes around the router's own answers too") {
    site s;
    s.routes.use(marks).get("/", says("hello"));
    auto missing = s.send("GET", "/nowhere");
    CHECK(missing.status() == rill::status::not_found);
    CHECK(missing.fields().find("X-Marked") == "yes");
    auto wrong = s.send("POST", "/");
    CHECK(wrong.status() == rill::status::method_not_allowed);
    CHECK(wrong.fields().find("Allow") == "GET, HEAD, OPTIONS");
    CHECK(wrong.fields().find("X-Marked") == "yes");
    auto options = s.send("OPTIONS", "/");
    CHECK(options.status() == rill::status::no_content);
    CHECK(options.fields().find("X-Marked") == "yes");
    CHECK(s.send("HEAD", "/").fields().find("X-Marked") == "yes");
}

TEST_CASE("a middleware may answer in place of the router's 404, with a stream even") {
    site s;
    s.routes.use([](request& r, next rest) -> task<response> {
        auto answer = co_await rest(r);
        if (answer.status() != rill::status::not_found) co_return answer;
        const auto events = []() -> event_stream {
            co_yield {.data = "found"};
            co_await rill::sleep_for(1min);
        };
        co_return response{events()};
    });
    auto reply = s.send("GET", "/nowhere");
    CHECK(reply.status() == rill::status::ok);
    s.server().advance(30s);
    CHECK(reply.events().size() == 1);
    CHECK(reply.comments().size() == 2); // after 15 and 30 s, as for any stream
    s.server().advance(30s);
    CHECK(reply.complete());
}

TEST_CASE("a middleware sees what handlers throw, and may answer for it") {
    site s;
    s.routes.use([](request& r, next rest) -> task<response> {
        std::string words;
        try {
            co_return co_await rest(r);
        } catch (const rill::http_error& e) {
            words = fmt::format("{{\"error\": \"{}\"}}", e.what());
        }
        co_return response::json(words, rill::status::bad_request);
    });
    s.routes.get("/plain/{n}", [](request& r) { return response::text(std::to_string(r.param<int>("n"))); });
    s.routes.get("/task", [](request&) -> task<response> {
        co_await rill::sleep_for(0s);
        throw rill::http_error{rill::status::conflict, "taken"};
    });
    s.routes.get("/other", [](request&) { return throw std::runtime_error{"x"}, response{}; });
    CHECK(s.get("/plain/7") == "200 7");
    CHECK(s.get("/plain/x") == "400 {\"error\": \"the path's 'n' cannot be 'x'\"}");
    CHECK(s.get("/task") == "400 {\"error\": \"taken\"}");
    CHECK(s.log.lines.empty());
    CHECK(s.get("/other") == "500 Internal Server Error");
    CHECK(s.log.lines.size() == 1);
}

TEST_CASE("a stream's handler runs after the middleware: what it throws passes them by") {
    site s;
    bool caught = false;
    s.routes.use([&caught](request& r, next rest) -> task<response> {
        try {
            co_return co_await rest(r);
        } catch (...) {
            caught = true;
            throw;
        }
    });
    s.routes.get("/", [](request&) -> event_stream {
        throw rill::http_error{rill::status::forbidden, "no"};
        co_return;
    });
    CHECK(s.get("/") == "403 no");
    CHECK_FALSE(caught);
}

TEST_CASE("what a middleware throws is treated as what a handler throws") {
    site s;
    s.routes.use([](request& r, next rest) -> task<response> {
        if (r.path() == "/http") throw rill::http_error{rill::status::too_many_requests, "slow down"};
        auto answer = co_await rest(r);
        if (r.path() == "/after") throw 1;
        co_return answer;
    });
    s.routes.any("/{x...}", says("hello"));
    CHECK(s.get("/http") == "429 slow down");
    CHECK(s.log.lines.empty());
    CHECK(s.get("/after") == "500 Internal Server Error");
    CHECK(s.log.lines.size() == 1);
    CHECK(s.get("/fine") == "200 hello");
}

TEST_CASE("a middleware may read the body, and then the handler has none") {
    site s;
    std::string seen;
    s.routes.use([&seen](request& r, next rest) -> task<response> {
        seen = co_await r.text();
        co_return co_await rest(r);
    });
    s.routes.post(
        "/", [](request& r) -> task<response> { co_return response::text("<" + co_await r.text() + ">"); });
    CHECK(s.ask("POST", "/", "body") == "200 <>");
    CHECK(seen == "body");
}

TEST_CASE("a middleware may be movable only, and have state of its own") {
    site s;
    s.routes.use([count = std::make_unique<int>(0)](request& r, next rest) -> task<response> {
        ++*count;
        auto answer = co_await rest(r);
        co_return std::move(answer).set("X-Count", std::to_string(*count));
    });
    s.routes.get("/", says("x"));
    static_cast<void>(s.get("/"));
    CHECK(s.send("GET", "/").fields().find("X-Count") == "2");
}

TEST_CASE("a client that leaves cancels a waiting middleware") {
    site s;
    bool gone = false;
    s.routes.use([&gone](request& r, next rest) -> task<response> {
        const std::shared_ptr<void> local{nullptr, [&gone](auto) { gone = true; }};
        co_await rill::sleep_for(1h);
        co_return co_await rest(r);
    });
    auto reply = s.send("GET", "/");
    CHECK_FALSE(gone);
    reply.close();
    CHECK(gone);
    CHECK(s.server().connections() == 0);
}
