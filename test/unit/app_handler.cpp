// The forms that a handler may have.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>

using namespace std::chrono_literals;
using rill::event_stream;
using rill::request;
using rill::response;
using rill::sse_writer;
using rill::task;

namespace {

event_stream stream_function(request& r) {
    co_yield {.data = r.path()};
}

task<response> task_function(request& r) {
    co_await rill::sleep_for(0s);
    co_return response::text(std::string{r.path()});
}

response plain_function(request& r) {
    return response::text(std::string{r.path()});
}

rill::status status_function(request&) {
    return rill::status::accepted;
}

task<void> writer_function(request& r, sse_writer& writer) {
    co_await writer.write({.data = r.path()});
}

/// A place of handlers that have something in common.
class room {
public:
    explicit room(std::string name) : name_{std::move(name)} {}
    event_stream listen(request&) const { co_yield {.data = name_}; }
    response show(request&) { return response::text(name_); }

private:
    std::string name_;
};

struct const_call {
    response operator()(request&) const { return response::text("const"); }
    response operator()(request&) { return response::text("mutable"); }
};

// What is taken and what is not; test/compile_fail has the words that go with it.
using rill::handler;
static_assert(rill::stream_handler<decltype(&stream_function)> &&
              rill::task_handler<decltype(&task_function)>);
static_assert(rill::plain_handler<decltype(&plain_function)> &&
              rill::plain_handler<decltype(&status_function)>);
static_assert(rill::writer_handler<decltype(&writer_function)>);
static_assert(handler<response (*)(const request&)> && handler<event_stream (*)(request&)>);
static_assert(handler<std::function<response(request&)>>);
static_assert(!handler<int (*)(request&)> && !handler<void (*)(request&)> &&
              !handler<std::string (*)(request&)>);
static_assert(!handler<response (*)()> && !handler<response (*)(request&, int)> &&
              !handler<response (*)(request)>);
static_assert(!handler<task<int> (*)(request&)> && !handler<task<void> (*)(request&)>);
static_assert(!handler<task<event_stream> (*)(request&)> &&
              !handler<event_stream (*)(request&, sse_writer&)>);
static_assert(!handler<task<response> (*)(request&, sse_writer&)> && !handler<int> && !handler<response>);

std::string events_of(site& s, std::string_view target) {
    auto reply = s.send("GET", target);
    std::string all;
    for (const auto& e : reply.events()) all += e.data + ";";
    return all + (reply.complete() ? "complete" : "open");
}

} // namespace

TEST_CASE("functions are handlers, in all four forms, and a status is a response") {
    site s;
    s.routes.get("/stream", stream_function)
        .get("/task", task_function)
        .get("/plain", &plain_function)
        .get("/status", status_function)
        .get("/writer", writer_function);
    CHECK(events_of(s, "/stream") == "/stream;complete");
    CHECK(s.get("/task") == "200 /task");
    CHECK(s.get("/plain") == "200 /plain");
    CHECK(s.get("/status") == "202 ");
    CHECK(events_of(s, "/writer") == "/writer;complete");
}

TEST_CASE("lambdas are handlers, in all four forms") {
    site s;
    const std::string word = "a word that is captured by value, and too long for a string itself";
    s.routes.get("/stream", [word](request&) -> event_stream { co_yield {.data = word}; })
        .get("/task", [word](request&) -> task<response> { co_return response::text(word); })
        .get("/plain", [word](request&) { return response::text(word); })
        .get("/writer", [word](request&, sse_writer& w) -> task<void> { co_await w.write({.data = word}); });
    CHECK(events_of(s, "/stream") == word + ";complete");
    CHECK(s.get("/task") == "200 " + word);
    CHECK(s.get("/plain") == "200 " + word);
    CHECK(events_of(s, "/writer") == word + ";complete");
}

TEST_CASE("what a lambda captured lives in the router, also while its coroutine rests") {
    site s;
    s.routes.get("/stream", [text = std::make_unique<std::string>("kept")](request&) -> event_stream {
        co_await rill::sleep_for(1h);
        co_yield {.data = *text};
    });
    s.routes.get("/writer",
                 [text = std::make_unique<std::string>("kept too")](request&, sse_writer& w) -> task<void> {
                     co_await rill::sleep_for(1h);
                     co_await w.write({.data = *text});
                 });
    auto stream = s.send("GET", "/stream");
    auto writer = s.send("GET", "/writer");
    s.server().advance(1h);
    CHECK(stream.events().at(0).data == "kept");
    CHECK(writer.events().at(0).data == "kept too");
}

TEST_CASE("a handler may be movable only") {
    site s;
    s.routes.get("/",
                 [n = std::make_unique<int>(7)](request&) { return response::text(std::to_string(*n)); });
    CHECK(s.get("/") == "200 7");
}

TEST_CASE("members are handlers, with their object bound or in a lambda") {
    site s;
    room lobby{"lobby"};
    s.routes.get("/bound", std::bind_front(&room::show, &lobby)).get("/lambda", [&lobby](request& r) {
        return lobby.listen(r);
    });
    CHECK(s.get("/bound") == "200 lobby");
    CHECK(events_of(s, "/lambda") == "lobby;complete");
}

TEST_CASE("a function object is called as const") {
    site s;
    s.routes.get("/", const_call{});
    CHECK(s.get("/") == "200 const");
}

TEST_CASE("a generic lambda is a handler") {
    site s;
    s.routes.get("/", [](auto& r) { return response::text(std::string{r.path()}); });
    CHECK(s.get("/") == "200 /");
}

TEST_CASE("a task may answer with a stream, or refuse it") {
    site s;
    s.routes.get("/", [](request& r) -> task<response> {
        co_await rill::sleep_for(1s);
        if (!r.field("Authorization")) co_return rill::status::unauthorized;
        co_return response{stream_function(r)}.set("Set-Cookie", "seen=1");
    });
    auto refused = s.send("GET", "/");
    auto taken = s.send("GET", "/", {{"Authorization", "yes"}});
    s.server().advance(1s);
    CHECK(refused.status() == rill::status::unauthorized);
    CHECK(taken.status() == rill::status::ok);
    CHECK(taken.fields().find("Content-Type") == "text/event-stream");
    CHECK(taken.fields().find("Set-Cookie") == "seen=1");
    CHECK(taken.events().size() == 1);
    CHECK(taken.complete());
}

TEST_CASE("a plain handler may answer with a stream") {
    site s;
    s.routes.get("/", [](request& r) { return response{stream_function(r)}; });
    CHECK(events_of(s, "/") == "/;complete");
}

TEST_CASE("each request runs a coroutine of its own") {
    site s;
    s.routes.get("/{n}", [](request& r) -> event_stream {
        for (int i = 0;; ++i) {
            co_yield {.data = r.param("n") + std::to_string(i)};
            co_await rill::sleep_for(1s);
        }
    });
    auto a = s.send("GET", "/a");
    s.server().advance(2s);
    auto b = s.send("GET", "/b");
    s.server().advance(1s);
    CHECK(a.events().back().data == "a3");
    CHECK(b.events().back().data == "b1");
}
