// The end of a server that is told to stop.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <charconv>
#include <chrono>
#include <memory>
#include <set>
#include <string>

using namespace std::chrono_literals;
using rill::event_stream;
using rill::request;
using rill::response;
using rill::task;

namespace {

/// A stream that goes on for ever, and says when it is destroyed.
auto endless(bool& gone) {
    return [&gone](request&) -> event_stream {
        const std::shared_ptr<void> local{nullptr, [&gone](auto) { gone = true; }};
        for (;;) {
            co_yield {.data = "x"};
            co_await rill::sleep_for(1s);
        }
    };
}

task<response> slow(request&) {
    co_await rill::sleep_for(1s);
    co_return response::text("slow");
}

} // namespace

TEST_CASE("draining ends a stream with its last chunk, and destroys its handler") {
    bool gone = false;
    site s;
    s.routes.get("/", endless(gone));
    auto reply = s.send("GET", "/");
    s.server().advance(2s);
    s.server().drain();
    CHECK(gone);
    CHECK(reply.events().size() == 3);
    CHECK(reply.complete());
    CHECK_FALSE(reply.cut());
    CHECK(reply.connection().ended());
    CHECK_FALSE(reply.connection().was_reset());
    CHECK(s.log.lines.empty());
}

TEST_CASE("a drained server has no connection left in a quarter of a second, whatever its clients do") {
    bool gone = false;
    site s;
    s.routes.get("/", endless(gone)).get("/plain", says("plain"));
    auto stream = s.send("GET", "/");
    auto idle = s.server().connect();
    auto served = s.send("GET", "/plain");
    CHECK(s.server().connections() == 3);
    s.server().drain();
    CHECK(idle.ended());
    CHECK(served.connection().ended());
    CHECK(served.body() == "plain");
    CHECK(s.server().connections() == 3); // their clients have not closed yet
    s.server().advance(250ms);
    CHECK(s.server().connections() == 0);
}

TEST_CASE("a connection whose client closes is gone at once") {
    site s;
    auto idle = s.server().connect();
    s.server().drain();
    CHECK(s.server().connections() == 1);
    idle.finish();
    CHECK(s.server().connections() == 0);
}

TEST_CASE("a stream that may finish goes on until it is done") {
    site s;
    s.routes.get("/",
                 [](request&) -> event_stream {
                     for (int n = 1; n <= 3; ++n) {
                         co_await rill::sleep_for(1s);
                         co_yield {.data = std::to_string(n)};
                     }
                 },
                 {.drain = rill::drain::let_finish});
    auto reply = s.send("GET", "/");
    s.server().advance(1s);
    s.server().drain();
    CHECK_FALSE(reply.complete());
    s.server().advance(2s);
    CHECK(reply.events().size() == 3);
    CHECK(reply.complete());
    CHECK(reply.connection().ended());
    s.server().advance(250ms);
    CHECK(s.server().connections() == 0);
}

TEST_CASE("a request under way gets its answer, which says that the connection closes") {
    site s;
    s.routes.get("/", slow);
    auto reply = s.send("GET", "/");
    s.server().drain();
    CHECK_FALSE(reply.has_head());
    s.server().advance(1s);
    CHECK(reply.body() == "slow");
    CHECK(reply.fields().contains_token("Connection", "close"));
    CHECK(reply.connection().ended());
}

TEST_CASE("a request whose head has begun is answered too, what follows is not") {
    site s;
    s.routes.get("/", says("hello"));
    auto connection = s.server().connect();
    connection.send(whole_request.substr(0, 10));
    s.server().drain();
    CHECK_FALSE(connection.ended());
    connection.send(std::string{whole_request.substr(10)} + std::string{whole_request});
    const auto answers = connection.receive();
    CHECK(answers.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answers.find("Connection: close\r\n") != answers.npos);
    CHECK(answers.find("HTTP/1.1", 1) == answers.npos);
    CHECK(connection.ended());
}

TEST_CASE("the requests behind one under way are not answered") {
    site s;
    s.routes.get("/", slow);
    auto connection = s.server().connect();
    connection.send(std::string{whole_request} + std::string{whole_request});
    s.server().drain();
    s.server().advance(1min);
    const auto answers = connection.receive();
    CHECK(answers.ends_with("slow"));
    CHECK(answers.find("HTTP/1.1", 1) == answers.npos);
}

TEST_CASE("a stream that begins after draining did ends at once, and may finish if its route says so") {
    bool gone = false;
    site s;
    s.routes.post("/", [&gone](request& r) -> event_stream {
        const std::shared_ptr<void> local{nullptr, [&gone](auto) { gone = true; }};
        co_yield {.data = co_await r.text()};
        co_await rill::sleep_for(1h);
    });
    const auto stream = endless(gone); // what it captures must outlive the stream
    s.routes.get("/", [&stream](request& r) -> task<response> {
        co_await rill::sleep_for(1s);
        co_return response{stream(r)};
    });
    s.routes.get("/finish",
                 [](request& r) -> event_stream {
                     co_yield {.data = co_await r.text()};
                     co_await rill::sleep_for(1h);
                     co_yield {.data = "finished"};
                 },
                 {.drain = rill::drain::let_finish});
    SUBCASE("one whose handler read the body") {
        auto connection = s.server().connect();
        connection.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\n");
        s.server().drain();
        CHECK_FALSE(connection.ended());
        connection.send("body");
        CHECK(connection.receive().ends_with("data: body\n\n\r\n0\r\n\r\n"));
        CHECK(connection.ended());
        CHECK(gone);
    }
    SUBCASE("one that a task answers with") {
        auto reply = s.send("GET", "/");
        s.server().drain();
        s.server().advance(1s);
        CHECK(reply.status() == rill::status::ok);
        CHECK(reply.complete());
        CHECK(gone);
    }
    SUBCASE("one that may finish") {
        auto connection = s.server().connect();
        connection.send("GET /finish HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\n");
        s.server().drain();
        connection.send("body");
        CHECK_FALSE(connection.ended());
        s.server().advance(1h);
        CHECK(connection.receive().ends_with("data: finished\n\n\r\n0\r\n\r\n"));
    }
    s.server().advance(250ms);
    CHECK(s.server().connections() == 0);
}

TEST_CASE("streams tell their clients to come back at different times, if the server is to spread them") {
    bool gone = false;
    site s{rill::server_options{.reconnect_spread = 10s}};
    s.routes.get("/", endless(gone));
    std::vector<rill::testing::reply> replies;
    for (int n = 0; n < 20; ++n) replies.push_back(s.send("GET", "/"));
    s.server().drain();
    std::set<int> times;
    for (auto& reply : replies) {
        const auto& body = reply.body();
        const auto at = body.find("retry: ");
        REQUIRE(at != body.npos);
        int time = -1;
        std::from_chars(body.data() + at + 7, body.data() + body.size(), time);
        CHECK(time >= 0);
        CHECK(time < 10'000);
        times.insert(time);
        CHECK(body.ends_with(fmt::format("event: checkpoint\nretry: {}\ndata: {{}}\n\n", time)));
        CHECK(reply.complete());
    }
    CHECK(times.size() > 10);
}

TEST_CASE("without a spread nothing is said about it") {
    bool gone = false;
    site s;
    s.routes.get("/", endless(gone));
    auto reply = s.send("GET", "/");
    s.server().drain();
    CHECK(reply.body() == "data: x\n\n");
}

TEST_CASE("draining throws operation_aborted into a handler that writes, and nothing more of it is sent") {
    std::error_code seen;
    site s;
    s.routes.get("/", [&seen](request&, rill::sse_writer& w) -> task<void> {
        co_await w.write({.data = "x"});
        try {
            co_await rill::sleep_for(1h);
        } catch (const std::system_error& e) {
            seen = e.code();
        }
        static_cast<void>(w.write({.data = "too late"}));
        w.flush();
    });
    auto reply = s.send("GET", "/");
    s.server().drain();
    CHECK(seen == asio::error::operation_aborted);
    CHECK(reply.body() == "data: x\n\n");
    CHECK(reply.complete());
    CHECK(s.log.lines.empty());
}

TEST_CASE("a stream whose client is behind ends when that has taken the rest") {
    bool gone = false;
    site s;
    s.routes.get("/", [&gone](request&) -> event_stream {
        const std::shared_ptr<void> local{nullptr, [&gone](auto) { gone = true; }};
        co_yield {.data = std::string(5000, 'x')};
        co_await rill::sleep_for(1h);
    });
    auto connection = s.server().connect();
    connection.window(1000);
    connection.send(whole_request);
    s.server().drain();
    CHECK(gone);
    CHECK_FALSE(connection.ended());
    std::string all;
    for (auto part = connection.receive(); !part.empty(); part = connection.receive()) all += part;
    CHECK(all.ends_with("x\n\n\r\n0\r\n\r\n"));
    CHECK(connection.ended());
}

TEST_CASE("a client that takes nothing more does not hold the drained server for ever") {
    site s;
    s.routes.get("/", says(std::string(5000, 'x')));
    auto connection = s.server().connect();
    connection.window(10);
    connection.send(whole_request);
    s.server().drain();
    s.server().advance(30s);
    CHECK(s.server().connections() == 0);
    CHECK(connection.was_reset());
}

TEST_CASE("who connects to a draining server is not served") {
    site s;
    s.routes.get("/", says("hello"));
    s.server().drain();
    auto connection = s.server().connect();
    connection.send(whole_request);
    CHECK(connection.ended());
    CHECK(connection.receive().empty());
    CHECK(s.server().connections() == 0);
}
