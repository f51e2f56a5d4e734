// What is only for now, and how a client is told that would never come back after a status.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <charconv>
#include <set>
#include <stdexcept>
#include <string>

using rill::event_stream;
using rill::http_error;
using rill::request;
using rill::response;
using rill::status;
using rill::task;

namespace {

const site::headers for_events = {{"Accept", "text/event-stream"}};

/// The time to wait that a refusal names, in milliseconds.
int retry_of(const std::string& body) {
    const auto at = body.find("retry: ");
    REQUIRE(at != body.npos);
    int time = -1;
    std::from_chars(body.data() + at + 7, body.data() + body.size(), time);
    return time;
}

/// Routes that refuse in each way a handler can.
void refusing_routes(rill::router& routes) {
    const auto full = [] { return http_error{status::service_unavailable, "the \"room\" is full"}; };
    routes.get("/plain", [=](request&) -> response { throw full(); })
        .get("/task", [=](request&) -> task<response> { co_return (throw full(), response{}); })
        .get("/stream",
             [=](request&) -> event_stream {
                 if (full().code() == status::service_unavailable) throw full();
                 co_yield {.data = "never"};
             })
        .get("/returned", [=](request&) { return response::text(full().what(), full().code()); })
        .get("/many", [](request&) -> response { throw http_error{status::too_many_requests, "slower"}; });
}

} // namespace

TEST_CASE("a request for an event stream is told inside a stream what is only for now") {
    site s;
    refusing_routes(s.routes);
    for (const auto* path : {"/plain", "/task", "/stream", "/returned"}) {
        CAPTURE(path);
        auto reply = s.send("GET", path, for_events);
        CHECK(reply.status() == status::ok);
        CHECK(reply.fields().find("Content-Type") == "text/event-stream");
        CHECK(reply.fields().find("Cache-Control") == "no-store, no-transform");
        CHECK(reply.fields().find("X-Accel-Buffering") == "no");
        CHECK_FALSE(reply.fields().contains("Content-Length"));
        CHECK(reply.complete());
        REQUIRE(reply.events().size() == 1);
        CHECK(reply.events()[0].type == "refused");
        CHECK(reply.events()[0].data == R"({"status":503,"reason":"the \"room\" is full"})");
        CHECK(reply.events()[0].last_event_id.empty());
        CHECK(retry_of(reply.body()) >= 5'000);
        CHECK(retry_of(reply.body()) <= 10'000);
    }
    CHECK(s.send("GET", "/many", for_events).events().at(0).data == R"({"status":429,"reason":"slower"})");
    CHECK(s.log.lines.empty());
}

TEST_CASE("a refusal tells a client its place again, if that may be sent") {
    site s;
    refusing_routes(s.routes);
    const auto place = [](rill::testing::reply reply) {
        REQUIRE(reply.events().size() == 1);
        CHECK(reply.events()[0].type == "refused");
        return reply.events()[0].last_event_id;
    };
    const auto field = [&](std::string_view id) {
        return place(s.send("GET", "/plain", {{"Accept", "text/event-stream"}, {"Last-Event-ID", id}}));
    };
    const auto query = [&](const std::string& id) {
        return place(s.send("GET", "/plain?last_event_id=" + id, for_events));
    };
    CHECK(field("3f2a9c01b7de-7") == "3f2a9c01b7de-7");
    CHECK(field("\u017e,7") == "\u017e,7");
    CHECK(query("7") == "7");
    CHECK(query("").empty());
    CHECK(field("\xff").empty());
    CHECK(field(std::string(5'000, '7')).empty());
    for (const auto* id : {"%00", "a%0Ab", "a%0D", "%01", "%7f"}) CHECK(query(id).empty());
}

TEST_CASE("all others get the status") {
    site s;
    refusing_routes(s.routes);
    for (const auto* accept : {"*/*", "text/html", "application/json", "text/event-stream;q=0"}) {
        CAPTURE(accept);
        CHECK(s.get("/plain", {{"Accept", accept}}) == "503 the \"room\" is full");
    }
    CHECK(s.get("/returned") == "503 the \"room\" is full");
    CHECK(s.get("/many") == "429 slower");
}

TEST_CASE("a POST gets the status, since whoever sends it looks at that") {
    site s;
    s.routes.post("/", [](request&) -> response { throw http_error{status::service_unavailable}; });
    CHECK(s.ask("POST", "/", {}, for_events) == "503 Service Unavailable");
}

TEST_CASE("a status that a later attempt would meet again stays what it is") {
    site s;
    s.routes.get("/{code}", [](request& r) -> response {
        throw http_error{static_cast<status>(r.param<unsigned>("code")), "x"};
    });
    s.routes.get("/none", [](request&) { return status::no_content; });
    for (const auto* code : {"400", "401", "403", "404", "409", "410", "500", "502", "504"})
        CHECK(s.get(std::string{"/"} + code, for_events) == std::string{code} + " x");
    CHECK(s.get("/a/b", for_events) == "404 Not Found");
    CHECK(s.get("/none", for_events) == "204 ");
}

TEST_CASE("HEAD gets the head that GET does, and the connection goes on") {
    site s;
    refusing_routes(s.routes);
    auto connection = s.server().connect();
    for (int n = 0; n < 2; ++n) {
        connection.send("HEAD /plain HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n\r\n");
        const auto answer = connection.receive();
        CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
        CHECK(answer.find("Content-Type: text/event-stream\r\n") != answer.npos);
        CHECK(answer.ends_with("\r\n\r\n"));
        CHECK(answer.find("refused") == answer.npos);
    }
    connection.send("HEAD /plain HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(connection.receive().starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
}

TEST_CASE("HTTP/1.0 gets the refusal without chunks") {
    site s;
    refusing_routes(s.routes);
    const auto answer = s.raw("GET /plain HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n");
    CHECK(answer.find("Transfer-Encoding") == answer.npos);
    CHECK(answer.find("\r\n\r\nevent: refused\nretry: ") != answer.npos);
}

TEST_CASE("the wait is drawn from Retry-After on, and no two clients are told the same") {
    site s;
    s.routes.get("/{after}", [](request& r) -> response {
        throw http_error{status::service_unavailable}.with("Retry-After", r.param("after"));
    });
    std::set<int> times;
    for (int n = 0; n < 20; ++n) {
        auto reply = s.send("GET", "/120", for_events);
        CHECK_FALSE(reply.fields().contains("Retry-After"));
        times.insert(retry_of(reply.body()));
    }
    CHECK(*times.begin() >= 120'000);
    CHECK(*times.rbegin() <= 240'000);
    CHECK(times.size() > 10);
    CHECK(retry_of(s.send("GET", "/0", for_events).body()) >= 1'000);
    CHECK(retry_of(s.send("GET", "/soon", for_events).body()) >= 5'000);
    const auto longest = retry_of(s.send("GET", "/999999999", for_events).body());
    CHECK(longest >= 3'600'000);
    CHECK(longest <= 7'200'000);
    CHECK(s.send("GET", "/7").fields().find("Retry-After") == "7");
}

TEST_CASE("other fields of a refusal stay, and those of its body go") {
    site s;
    s.routes.get("/", [](request&) {
        return response::json("{}", status::service_unavailable)
            .set("Access-Control-Allow-Origin", "*")
            .set("Cache-Control", "max-age=60")
            .set("Set-Cookie", "a=b");
    });
    auto reply = s.send("GET", "/", for_events);
    CHECK(reply.fields().find("Access-Control-Allow-Origin") == "*");
    CHECK(reply.fields().find("Set-Cookie") == "a=b");
    CHECK(reply.fields().all("Content-Type").size() == 1);
    CHECK(reply.fields().all("Cache-Control").size() == 1);
    CHECK(reply.events().at(0).data == R"({"status":503,"reason":"Service Unavailable"})");
}

TEST_CASE("what a middleware refuses is told in the same way, as what it makes of a refusal") {
    site s;
    s.routes.use([](request& r, rill::next next) -> task<response> {
        if (r.query("refuse")) throw http_error{status::too_many_requests, "slower"};
        auto answer = co_await next(r);
        answer.set("Vary", "Accept");
        co_return answer;
    });
    s.routes.get("/", [](request&) { return response::text("full", status::service_unavailable); });
    CHECK(s.send("GET", "/?refuse=1", for_events).events().at(0).data ==
          R"({"status":429,"reason":"slower"})");
    auto reply = s.send("GET", "/", for_events);
    CHECK(reply.events().at(0).data == R"({"status":503,"reason":"full"})");
    CHECK(reply.fields().find("Vary") == "Accept");
}

TEST_CASE("a long reason, or one that is no text, gives way to the status' phrase") {
    site s;
    s.routes.get("/long", [](request&) -> response {
        throw http_error{status::service_unavailable, std::string(1'001, 'x')};
    });
    s.routes.get("/page", [](request&) { return response::html("<h1>x</h1>", status::service_unavailable); });
    for (const auto* path : {"/long", "/page"})
        CHECK(s.send("GET", path, for_events).events().at(0).data ==
              R"({"status":503,"reason":"Service Unavailable"})");
}

TEST_CASE("once a stream has begun, a refusal cuts it as any other failure does") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        co_yield {.data = "x"};
        co_await rill::sleep_for(std::chrono::seconds{1});
        throw http_error{status::service_unavailable};
    });
    auto reply = s.send("GET", "/", for_events);
    s.server().advance(std::chrono::seconds{1});
    CHECK(reply.cut());
    CHECK(reply.events().size() == 1);
    CHECK(s.log.errors == 1);
}
