// The connections that subscriptions are served over: what goes over the wire, when, and in how many writes.
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <charconv>
#include <chrono>
#include <set>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using rill::elements_of;
using rill::event_stream;
using rill::request;

namespace {

constexpr std::string_view whole = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

/// A topic whose events all paths stream, each its own way.
class relays : public room {
public:
    explicit relays(const rill::server_options& serving = {}) : room{{.keep_events = 10'000}, serving} {
        web.routes
            .get("/yielded", [this](request& r) -> event_stream { co_yield elements_of(topic.subscribe(r)); })
            .get("/often", [this](request& r) { return topic.subscribe(r); },
                 {.keep_alive = 5s, .comment = "ping"})
            .get("/read",
                 [this](request& r) -> event_stream {
                     auto news = topic.subscribe(r);
                     while (const auto* m = co_await news.next())
                         co_yield {.id = m->last_event_id, .data = m->data};
                 })
            .post("/burst", [this](request& r) -> rill::task<rill::response> {
                const auto count = std::stoi(co_await r.text());
                for (int n = 1; n <= count; ++n) topic.publish({.data = std::to_string(n)});
                co_return rill::status::no_content;
            });
    }
};

} // namespace

TEST_CASE("a thousand events that one handler publishes leave in one write to each subscriber") {
    relays s{{.limits = {.write_buffer = 1 << 20}}};
    for (const auto* path : {"/", "/yielded"}) {
        CAPTURE(path);
        auto one = s.join({}, path), two = s.join({}, path);
        const auto before = one.connection().writes();
        CHECK(s.web.ask("POST", "/burst", "1000") == "204 ");
        CHECK(one.connection().writes() == before + 1);
        CHECK(two.connection().writes() == before + 1);
        CHECK((words(one.events()) == numbers(1, 1000)));
        CHECK((words(two.events()) == numbers(1, 1000)));
    }
}

TEST_CASE("a burst beyond write_buffer leaves in as few writes as that allows, each of whole events") {
    constexpr std::size_t buffer = 8192;
    relays s{{.limits = {.write_buffer = buffer}}};
    auto connection = s.web.server().connect();
    connection.send(whole);
    static_cast<void>(connection.receive());
    const auto before = connection.writes();
    CHECK(s.web.ask("POST", "/burst", "1000") == "204 ");
    const auto bytes = connection.receive();
    const auto writes = connection.writes() - before;
    CHECK(writes >= bytes.size() / (buffer + 200));
    CHECK(writes <= bytes.size() / (buffer / 4) + 1);
    // Each chunk ends where an event does.
    std::size_t chunks = 0;
    for (std::string_view rest = bytes; !rest.empty(); ++chunks) {
        std::size_t size = 0;
        std::from_chars(rest.data(), rest.data() + rest.size(), size, 16);
        rest.remove_prefix(rest.find("\r\n") + 2);
        REQUIRE(rest.size() >= size + 2);
        CHECK(rest.substr(0, size).ends_with("\n\n"));
        CHECK(rest.substr(size, 2) == "\r\n");
        rest.remove_prefix(size + 2);
    }
    CHECK(chunks == writes);
}

TEST_CASE("a replay leaves in one write with the head and the checkpoint") {
    relays s;
    const auto first = s.count(1, 1);
    s.count(2, 500);
    for (const auto* path : {"/", "/yielded"}) {
        CAPTURE(path);
        auto reply = s.join(first, path);
        CHECK((words(reply.events()) == numbers(2, 500)));
        CHECK(reply.connection().writes() <= 2);
    }
}

TEST_CASE("two hundred subscribers get what one handler publishes, each in one write") {
    relays s;
    std::vector<rill::testing::reply> replies;
    for (int n = 0; n < 200; ++n) replies.push_back(s.join()); // more than a slice of the walk
    for (int n = 1; n <= 3; ++n) static_cast<void>(s.web.ask("POST", "/burst", "10"));
    for (auto& reply : replies) {
        CHECK(reply.events().size() == 30);
        CHECK(reply.connection().writes() == 4);
    }
}

TEST_CASE("a quiet stream gets a comment after 15 silent seconds, and every 15 seconds after that") {
    relays s;
    for (const auto* path : {"/", "/yielded", "/read"}) {
        CAPTURE(path);
        auto reply = s.join({}, path);
        const auto before = reply.comments().size();
        s.web.server().advance(15s - 1ms);
        CHECK(reply.comments().size() == before);
        s.web.server().advance(1ms);
        CHECK(reply.comments().size() == before + 1);
        s.web.server().advance(1h);
        CHECK(reply.comments().size() == before + 241);
        s.count(1, 1);
        CHECK(words(reply.events()) == "1");
    }
}

TEST_CASE("a busy stream gets no comment, and the silence counts from the last event") {
    relays s;
    for (const auto* path : {"/", "/yielded", "/read"}) {
        CAPTURE(path);
        auto reply = s.join({}, path);
        const auto before = reply.comments().size();
        for (int n = 0; n < 100; ++n) {
            s.web.server().advance(14s);
            s.count(n, n);
        }
        CHECK(reply.comments().size() == before);
        s.web.server().advance(15s - 1ms);
        CHECK(reply.comments().size() == before);
        s.web.server().advance(1ms);
        CHECK(reply.comments().size() == before + 1);
    }
}

TEST_CASE("a route's own comment and interval hold for subscriptions") {
    relays s;
    auto reply = s.join({}, "/often");
    s.web.server().advance(11s);
    CHECK(reply.body().ends_with("\n\n: ping\n: ping\n"));
}

TEST_CASE("no comment is added to what a client has not read yet") {
    relays s;
    auto reply = s.join();
    reply.connection().window(100);
    s.say(std::string(1000, 'x'));
    s.web.server().advance(29s);
    CHECK(drained(reply).size() == 1);
    CHECK(reply.comments().empty());
}

TEST_CASE("HEAD gets the head of the stream, and no subscription is left behind") {
    relays s;
    for (const auto* path : {"/", "/yielded"}) {
        CAPTURE(path);
        auto connection = s.web.server().connect();
        connection.send(fmt::format("HEAD {} HTTP/1.1\r\nHost: test\r\n\r\n", path));
        const auto answer = connection.receive();
        CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
        CHECK(answer.find("Content-Type: text/event-stream\r\n") != answer.npos);
        CHECK(answer.find("\r\n\r\n") == answer.size() - 4);
        CHECK(s.topic.statistics().subscribers == 0);
        s.count(1, 1);
        CHECK(connection.receive().empty());
        connection.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n"); // it is ready for the next one
        CHECK(connection.receive().starts_with("HTTP/1.1 200 OK\r\n"));
    }
}

TEST_CASE("HTTP/1.0 gets the same bytes without chunks, and the end of the connection at the end") {
    relays s;
    for (const auto* path : {"/", "/yielded"}) {
        CAPTURE(path);
        const auto first = s.count(1, 1);
        s.count(2, 2);
        auto connection = s.web.server().connect();
        connection.send(fmt::format("GET {} HTTP/1.0\r\nLast-Event-ID: {}\r\n\r\n", path, first));
        const auto head = connection.receive();
        CHECK(head.find("Transfer-Encoding") == head.npos);
        CHECK(head.find("Connection: close\r\n") != head.npos);
        const auto body = head.substr(head.find("\r\n\r\n") + 4);
        CHECK(body.starts_with(fmt::format("id: {}\nevent: checkpoint\ndata: {{}}\n\n", first)));
        CHECK(body.ends_with("data: 2\n\n"));
        const auto id = s.topic.publish({.comment = "live"});
        s.web.server().run();
        CHECK(connection.receive() == fmt::format(": live\nid: {}\nevent: checkpoint\ndata: {{}}\n\n", id));
        CHECK_FALSE(connection.ended());
    }
    auto last = s.web.server().connect();
    last.send("GET / HTTP/1.0\r\n\r\n");
    s.topic.close();
    s.web.server().run();
    CHECK(last.ended());
    CHECK_FALSE(last.was_reset());
}

TEST_CASE("HTTP/1.0 clients that are slow lose nothing, either") {
    relays s;
    auto connection = s.web.server().connect();
    connection.window(100);
    connection.send("GET / HTTP/1.0\r\n\r\n");
    s.count(1, 200);
    s.topic.close();
    std::string all;
    for (auto part = connection.receive(); !part.empty(); part = connection.receive()) {
        all += part;
        s.web.server().run();
    }
    for (int n = 1; n <= 200; ++n) {
        const auto data = fmt::format("\ndata: {}\n\n", n);
        const auto at = all.find(data);
        REQUIRE(at != all.npos);
        CHECK(all.find(data, at + 1) == all.npos);
    }
    CHECK(connection.ended());
}

TEST_CASE("a connection is used again after its topic was closed") {
    relays s;
    rill::topic other;
    s.web.routes.get("/other", [&](request& r) { return other.subscribe(r); }).get("/plain", says("plain"));
    auto connection = s.web.server().connect();
    connection.send(whole);
    s.count(1, 1);
    static_cast<void>(connection.receive());
    s.topic.close();
    s.web.server().run();
    CHECK(connection.receive() == "0\r\n\r\n");
    CHECK_FALSE(connection.ended());
    connection.send("GET /plain HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(connection.receive().ends_with("plain"));
    connection.send("GET /other HTTP/1.1\r\nHost: test\r\n\r\n");
    const auto id = other.publish({.data = "x"});
    s.web.server().run();
    CHECK(connection.receive().ends_with(fmt::format("id: {}\ndata: x\n\n\r\n", id)));
    connection.close();
    CHECK(other.statistics().subscribers == 0);
}

TEST_CASE("a request behind a subscription is answered when its topic was closed") {
    relays s;
    s.web.routes.get("/plain", says("plain"));
    auto connection = s.web.server().connect();
    connection.send(std::string{whole} + "GET /plain HTTP/1.1\r\nHost: test\r\n\r\n");
    s.count(1, 1);
    CHECK(connection.receive().find("plain") == std::string::npos);
    s.topic.close();
    s.web.server().run();
    CHECK(connection.receive().ends_with("plain"));
}

TEST_CASE("a drained server ends subscriptions with their last chunk, and tells their clients when to come") {
    for (const auto* path : {"/", "/yielded"}) {
        CAPTURE(path);
        relays s{{.reconnect_spread = 10s}};
        std::vector<rill::testing::reply> replies;
        for (int n = 0; n < 20; ++n) replies.push_back(s.join({}, path));
        s.count(1, 2);
        s.web.server().drain();
        std::set<int> times;
        for (auto& reply : replies) {
            CHECK(words(reply.events()) == "1 2");
            const auto& body = reply.body();
            const auto at = body.find("retry: ");
            REQUIRE(at != body.npos);
            int time = -1;
            std::from_chars(body.data() + at + 7, body.data() + body.size(), time);
            CHECK(time >= 0);
            CHECK(time < 10'000);
            times.insert(time);
            CHECK(reply.complete());
        }
        CHECK(times.size() > 10);
        CHECK(s.topic.statistics().subscribers == 0);
    }
}

TEST_CASE("a client that is behind when the server drains gets what was written, and the end") {
    relays s;
    auto reply = s.join();
    reply.connection().window(100);
    s.count(1, 50);
    s.web.server().drain();
    CHECK_FALSE(reply.complete());
    const auto& events = drained(reply);
    REQUIRE_FALSE(events.empty());
    CHECK(words(events) == numbers(1, static_cast<int>(events.size())));
    CHECK(reply.complete());
}

TEST_CASE("a client that takes its events byte by byte gets each of them") {
    relays s;
    for (const auto* path : {"/", "/yielded", "/read"}) {
        CAPTURE(path);
        auto reply = s.join({}, path);
        reply.connection().window(1);
        s.count(1, 20);
        CHECK(words(drained(reply)) == numbers(1, 20));
    }
}
