// The test kit itself: what a test does by it must be what happens.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using rill::event_stream;
using rill::request;
using rill::response;
using rill::task;

namespace {

constexpr std::string_view whole = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

event_stream ticks(request&) {
    for (int n = 1;; ++n) {
        co_await rill::sleep_for(1s);
        co_yield {.data = std::to_string(n)};
    }
}

} // namespace

TEST_CASE("time passes only by advance, and what is due on the way happens in its order") {
    std::string log;
    site s;
    s.routes.get("/{name}/{seconds}", [&log](request& r) -> task<response> {
        co_await rill::sleep_for(std::chrono::seconds{r.param<int>("seconds")});
        log += r.param("name");
        co_return response{};
    });
    auto c = s.send("GET", "/c/30"), a = s.send("GET", "/a/1"), b = s.send("GET", "/b/20"),
         d = s.send("GET", "/d/60");
    s.server().run();
    CHECK(log.empty());
    s.server().advance(30s);
    CHECK(log == "abc");
    CHECK_FALSE(d.has_head());
    s.server().advance(0s);
    CHECK(log == "abc");
    s.server().advance(30s);
    CHECK(log == "abcd");
}

TEST_CASE("in one advance a chain of sleeps runs to its end, each at its own time") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        for (int n = 0; n < 5; ++n) {
            co_await rill::sleep_for(10s);
            co_yield {.data = std::to_string(n)};
        }
    });
    auto reply = s.send("GET", "/");
    s.server().advance(50s - 1ms);
    CHECK(reply.events().size() == 4);
    s.server().advance(1ms);
    CHECK(reply.events().size() == 5);
    CHECK(reply.complete());
}

TEST_CASE("a reply grows while the stream goes on") {
    site s;
    s.routes.get("/", ticks, {.keep_alive = 700ms});
    auto reply = s.send("GET", "/");
    CHECK(reply.has_head());
    CHECK(reply.events().empty());
    CHECK(reply.comments().size() == 1);
    s.server().advance(2s);
    CHECK(reply.events().size() == 2);
    CHECK(reply.events()[1] == rill::message{"message", "2"});
    CHECK(reply.comments().size() == 3);
    CHECK_FALSE(reply.complete());
    CHECK_FALSE(reply.cut());
}

TEST_CASE("checkpoints are not among the events of a reply, and move its last id") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        co_yield {.id = "1", .data = "a"};
        co_yield {.id = "2"};
        co_await rill::sleep_for(1s);
        co_yield {.name = "checkpoint", .data = "of another kind"};
    });
    auto reply = s.send("GET", "/");
    CHECK(reply.events().size() == 1);
    CHECK(reply.last_event_id() == "2");
    s.server().advance(1s);
    CHECK(reply.events().size() == 2);
    CHECK(reply.complete());
}

TEST_CASE("before the head of an answer has come, to ask for it is a mistake of the test") {
    site s;
    s.routes.get("/", [](request&) -> task<response> {
        co_await rill::sleep_for(1s);
        co_return response{};
    });
    auto reply = s.send("GET", "/");
    CHECK_FALSE(reply.has_head());
    CHECK_THROWS_AS(static_cast<void>(reply.status()), std::logic_error);
    CHECK_THROWS_AS(static_cast<void>(reply.fields()), std::logic_error);
    CHECK(reply.body().empty());
    CHECK(reply.events().empty());
    CHECK_FALSE(reply.complete());
    CHECK_FALSE(reply.cut());
    s.server().advance(1s);
    CHECK(reply.status() == rill::status::ok);
}

TEST_CASE("get, post and send bring what they are given") {
    site s;
    s.routes.any("/{path...}", [](request& r) -> task<response> {
        std::string text{to_string(r.method())};
        text += fmt::format(" {} {} [{}]", r.path(), r.field("X-A").value_or("-"), co_await r.text());
        co_return response::text(std::move(text));
    });
    CHECK(s.server().get("/a").body() == "GET /a - []");
    CHECK(s.server().get("/a", {{"X-A", "1"}}).body() == "GET /a 1 []");
    CHECK(s.server().post("/b", "body", {{"X-A", "2"}}).body() == "POST /b 2 [body]");
    CHECK(s.server().send("PUT", "/c", "body").body() == "PUT /c - [body]");
    CHECK(s.server().send("DELETE", "/d", "").body() == "DELETE /d - []");
}

TEST_CASE("interim responses are passed over") {
    site s;
    s.routes.post("/", [](request& r) -> task<response> { co_return response::text(co_await r.text()); });
    auto connection = s.server().connect();
    connection.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    rill::testing::reply reply{std::move(connection)};
    CHECK_FALSE(reply.has_head());
    reply.connection().send("ok");
    CHECK(reply.status() == rill::status::ok);
    CHECK(reply.body() == "ok");
    CHECK(reply.complete());
}

TEST_CASE("an answer to HEAD is complete with its head") {
    site s;
    s.routes.get("/text", says("some text")).get("/ticks", ticks);
    for (const auto* path : {"/text", "/ticks"}) {
        CAPTURE(path);
        auto reply = s.send("HEAD", path);
        CHECK(reply.complete());
        CHECK(reply.body().empty());
    }
}

TEST_CASE("a connection carries any bytes, and gives what came since it was asked last") {
    site s;
    s.routes.get("/", says("hello"));
    auto connection = s.server().connect();
    connection.send(whole.substr(0, 7));
    CHECK(connection.receive().empty());
    connection.send(whole.substr(7));
    CHECK(connection.receive().ends_with("hello"));
    CHECK(connection.receive().empty());
    CHECK(connection.writes() == 1);
    CHECK_FALSE(connection.ended());
}

TEST_CASE("a connection holds no more than its window, and takes on when the client receives") {
    site s;
    s.routes.get("/", says(std::string(100, 'x')));
    auto connection = s.server().connect();
    connection.window(30);
    connection.send(whole);
    std::string all;
    std::size_t parts = 0;
    for (auto part = connection.receive(); !part.empty(); part = connection.receive()) {
        CHECK(part.size() <= 30);
        all += part;
        ++parts;
    }
    CHECK(all.ends_with(std::string(100, 'x')));
    CHECK(parts == (all.size() + 29) / 30);

    connection.window(0);
    connection.send(whole);
    CHECK(connection.receive().empty());
    connection.window(1000);
    CHECK(connection.receive().ends_with(std::string(100, 'x')));
}

TEST_CASE("a reply and a connection leave when they are destroyed, and when they are told to") {
    site s;
    s.routes.get("/", ticks);
    {
        const auto reply = s.send("GET", "/");
        const auto connection = s.server().connect();
        CHECK(s.server().connections() == 2);
    }
    CHECK(s.server().connections() == 0);
    auto reply = s.send("GET", "/");
    auto connection = s.server().connect();
    reply.close();
    CHECK(s.server().connections() == 1);
    connection.finish();
    CHECK(s.server().connections() == 0);
    reply.close(); // again does no harm
    connection.send("nobody hears this");
    CHECK(connection.receive().empty());
}

TEST_CASE("a reply that was moved goes on, and the one it replaces leaves") {
    site s;
    s.routes.get("/", ticks);
    auto first = s.send("GET", "/");
    auto second = std::move(first);
    s.server().advance(1s);
    CHECK(second.events().size() == 1);
    CHECK(s.server().connections() == 1);
    second = s.send("GET", "/");
    CHECK(s.server().connections() == 1);
    CHECK(second.events().empty());
}

TEST_CASE("replies and connections may outlive the server, which cuts them") {
    auto s = std::make_unique<site>();
    s->routes.get("/", ticks).get("/plain", says("hello"));
    auto stream = s->send("GET", "/");
    auto plain = s->send("GET", "/plain");
    auto idle = s->server().connect();
    s->server().advance(1s);
    s.reset();
    CHECK(stream.events().size() == 1);
    CHECK(stream.cut());
    CHECK_FALSE(stream.complete());
    CHECK(plain.body() == "hello");
    CHECK(plain.complete());
    CHECK_FALSE(plain.cut());
    CHECK(idle.ended());
    CHECK(idle.was_reset());
    idle.send(whole);
    idle.window(10);
    CHECK(idle.receive().empty());
    idle.finish();
    idle.close();
}

TEST_CASE("a stream that is cut and one that ends are told apart") {
    site s;
    s.routes.get("/ends", [](request&) -> event_stream { co_yield {.data = "x"}; });
    s.routes.get("/fails", [](request&) -> event_stream {
        co_yield {.data = "x"};
        throw 1;
    });
    auto ends = s.send("GET", "/ends"), fails = s.send("GET", "/fails");
    CHECK(ends.complete());
    CHECK_FALSE(ends.cut());
    CHECK_FALSE(fails.complete());
    CHECK(fails.cut());

    // Over HTTP/1.0 the end of the connection is the end of the stream, but for a reset.
    const auto old = [&s](std::string_view path) {
        auto connection = s.server().connect();
        connection.send(fmt::format("GET {} HTTP/1.0\r\n\r\n", path));
        return rill::testing::reply{std::move(connection)};
    };
    auto old_ends = old("/ends"), old_fails = old("/fails");
    CHECK(old_ends.complete());
    CHECK_FALSE(old_fails.complete());
    CHECK(old_fails.cut());
    CHECK(old_fails.events().size() == 1);
}

TEST_CASE("draining and connections are those of the server") {
    site s;
    s.routes.get("/", ticks);
    auto reply = s.send("GET", "/");
    CHECK(s.server().connections() == 1);
    s.server().drain();
    CHECK(reply.complete());
    reply.close();
    CHECK(s.server().connections() == 0);
}

TEST_CASE("two servers have two clocks") {
    rill::router routes;
    routes.get("/", ticks);
    rill::testing::server first{routes}, second{routes};
    auto a = first.get("/"), b = second.get("/");
    first.advance(5s);
    CHECK(a.events().size() == 5);
    CHECK(b.events().empty());
}
