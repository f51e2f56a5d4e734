// What a parked stream waits for, and how it ends.
#include "net_parking.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

using namespace std::chrono_literals;
using rill::request;

TEST_CASE("a client that leaves takes its feed along") {
    parking s;
    auto connection = s.server().connect();
    SUBCASE("which waits") {
        connection.send(get());
        CHECK(s.scripts[0].readers == 1);
        connection.close();
    }
    SUBCASE("by finishing its side") {
        connection.send(get());
        connection.finish();
    }
    SUBCASE("behind") {
        connection.window(10);
        s.scripts[0].give({"data: something\n\n"});
        connection.send(get());
        connection.close();
    }
    SUBCASE("with requests that wait") {
        connection.send(get() + get("/plain"));
        connection.send(get("/plain"));
        connection.close();
    }
    SUBCASE("at the moment when something is due") {
        connection.send(get());
        s.scripts[0].give({"data: x\n\n"});
        connection.close();
    }
    CHECK(s.scripts[0].readers == 0);
    CHECK(s.server().connections() == 0);
    CHECK(s.log.lines.empty());
}

TEST_CASE("a server that goes destroys its feeds") {
    script first, second;
    {
        rill::router routes;
        routes.get("/first", [&](request&) { return first.read(); }).get("/second", [&](request&) {
            return second.read();
        });
        rill::testing::server server{routes};
        auto one = server.get("/first");
        auto two = server.connect();
        two.window(10);
        two.send(get("/second"));
        CHECK(first.readers == 1);
        CHECK(second.readers == 1);
        first.give({"data: x\n\n"}); // nobody runs this any more
    }
    CHECK(first.readers == 0);
    CHECK(second.readers == 0);
}

TEST_CASE("a parked stream is kept alive by comments, which events put off") {
    parking s;
    auto connection = s.server().connect();
    connection.send(get("/pinged"));
    static_cast<void>(connection.receive());
    s.server().advance(5s - 1ms);
    CHECK(connection.receive().empty());
    s.server().advance(1ms);
    CHECK(connection.receive() == "7\r\n: ping\n\r\n");
    s.server().advance(3s);
    s.scripts[0].give({"data: x\n\n"});
    s.run();
    CHECK(connection.receive() == "9\r\ndata: x\n\n\r\n");
    s.server().advance(5s - 1ms);
    CHECK(connection.receive().empty());
    s.server().advance(1ms);
    CHECK(connection.receive() == "7\r\n: ping\n\r\n");
    s.server().advance(5s);
    CHECK(connection.receive() == "7\r\n: ping\n\r\n");
}

TEST_CASE("an interval of zero is none for parked streams, too") {
    parking s;
    auto reply = s.send("GET", "/silent");
    s.server().advance(24h);
    CHECK(reply.comments().size() == 1);
    CHECK(s.server().connections() == 1);
}

TEST_CASE("no comment goes to a client that is behind, and the silence begins when it has caught up") {
    parking s;
    auto connection = s.server().connect();
    connection.send(get("/pinged"));
    static_cast<void>(connection.receive());
    connection.window(10);
    s.scripts[0].give({"data: something\n\n"});
    s.server().advance(23s);
    CHECK(drained(s, connection) == "11\r\ndata: something\n\n\r\n");
    connection.window(1000);
    s.server().advance(5s - 1ms);
    CHECK(connection.receive().empty());
    s.server().advance(1ms);
    CHECK(connection.receive() == "7\r\n: ping\n\r\n");
}

TEST_CASE("a client that takes nothing of a parked stream is cut after 30 seconds, whatever its comments") {
    parking s;
    for (const auto* path : {"/", "/pinged", "/silent"}) {
        CAPTURE(path);
        auto connection = s.server().connect();
        connection.send(get(path));
        connection.window(10);
        s.scripts[static_cast<std::size_t>(path == std::string_view{"/"} ? 0
                                           : path[1] == 'p'              ? 1
                                                                         : 2)]
            .give({"data: something\n\n"});
        s.server().advance(30s - 1ms);
        CHECK_FALSE(connection.ended());
        s.server().advance(1ms);
        CHECK(connection.was_reset());
        CHECK(s.server().connections() == 0);
    }
}

TEST_CASE("a comment that the client does not take has its 30 seconds, too") {
    parking s;
    auto connection = s.server().connect();
    connection.send(get("/pinged"));
    static_cast<void>(connection.receive());
    connection.window(3);
    s.server().advance(5s);
    s.server().advance(30s - 1ms);
    CHECK_FALSE(connection.ended());
    s.server().advance(1ms);
    CHECK(connection.was_reset());
}

TEST_CASE("between a parked stream and the next request a connection may rest for 61 minutes") {
    parking s;
    auto connection = s.server().connect();
    connection.send(get("/pinged"));
    s.server().advance(12s);
    s.scripts[0].end();
    s.run();
    CHECK(connection.receive().ends_with(last_chunk));
    s.server().advance(61min - 1ms);
    CHECK_FALSE(connection.ended());
    CHECK(connection.receive().empty());
    s.server().advance(1ms);
    CHECK(connection.ended());
}

TEST_CASE("a head that was begun behind a parked stream has its time from when that ended") {
    parking s;
    auto connection = s.server().connect();
    connection.send(get());
    connection.send("GET /plain HT");
    s.server().advance(1h);
    s.scripts[0].end();
    s.run();
    static_cast<void>(connection.receive());
    s.server().advance(10s - 1ms);
    CHECK(connection.receive().empty());
    s.server().advance(1ms);
    CHECK(connection.receive().starts_with("HTTP/1.1 408 "));
}

TEST_CASE("a feed that throws cuts its stream, and is logged") {
    parking s;
    s.scripts[1].fail();
    auto current = s.server().connect(), late = s.server().connect(), old = s.server().connect();
    current.send(get());
    s.scripts[0].fail();
    s.run();
    CHECK(current.ended());
    CHECK_FALSE(current.was_reset());
    CHECK(current.receive().find(last_chunk) == std::string::npos);
    late.send(get("/slow"));
    s.server().advance(1s);
    CHECK(late.receive().ends_with("\r\n\r\n2\r\n:\n\r\n"));
    CHECK(late.ended());
    old.send(get("/", "1.0"));
    s.scripts[2].fail();
    s.run();
    CHECK(old.was_reset());
    CHECK(s.log.errors == 3);
    CHECK(s.log.lines.at(0) == "/: the stream failed: the feed is broken");
    for (const auto& script : s.scripts) CHECK(script.readers == 0);
}

TEST_CASE("a feed that loses its place while the client is behind ends the stream behind what was written") {
    parking s;
    auto connection = s.server().connect();
    connection.window(10);
    s.scripts[0].give({"data: something\n\n"});
    s.scripts[0].give({"data: else\n\n"});
    connection.send(get());
    s.scripts[0].forget();
    s.run();
    CHECK(s.scripts[0].readers == 0);
    CHECK(drained(s, connection).ends_with("11\r\ndata: something\n\n\r\n0\r\n\r\n"));
    connection.window(1000);
    connection.send(get("/plain"));
    CHECK(connection.receive().ends_with("hello"));
}

TEST_CASE("HTTP/1.0 gets a parked stream without chunks, and its end with the connection") {
    parking s;
    auto connection = s.server().connect();
    connection.send(get("/", "1.0"));
    CHECK(connection.receive().ends_with("\r\n\r\n:\n"));
    s.scripts[0].give({"data: a\n\n", "data: b\n\n"});
    s.run();
    CHECK(connection.receive() == "data: a\n\ndata: b\n\n");
    connection.send(get("/plain")); // nobody answers that
    s.scripts[0].end();
    s.run();
    CHECK(connection.receive().empty());
    CHECK(connection.ended());
    CHECK_FALSE(connection.was_reset());
}

TEST_CASE("HEAD gets the head of what would be parked, and its feed goes") {
    parking s;
    auto connection = s.server().connect();
    connection.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n");
    const auto answer = connection.receive();
    CHECK(answer.find("Transfer-Encoding: chunked\r\n") != answer.npos);
    CHECK(answer.find("\r\n\r\n") == answer.size() - 4);
    CHECK(s.scripts[0].readers == 0);
    connection.send(get("/plain"));
    CHECK(connection.receive().ends_with("hello"));
}

TEST_CASE("draining ends parked streams, unless they may finish") {
    parking s;
    auto now = s.server().connect(), later = s.server().connect();
    now.send(get());
    later.send(get("/finish"));
    static_cast<void>(now.receive());
    static_cast<void>(later.receive());
    s.server().drain();
    CHECK(now.receive() == last_chunk);
    CHECK(now.ended());
    CHECK(s.scripts[0].readers == 0);
    s.scripts[1].give({"data: x\n\n"});
    s.run();
    CHECK(later.receive() == "9\r\ndata: x\n\n\r\n");
    s.scripts[1].end();
    s.run();
    CHECK(later.receive() == last_chunk);
    CHECK(later.ended());
    s.server().advance(250ms);
    CHECK(s.server().connections() == 0);
}

TEST_CASE("a stream that would be parked while the server drains ends at once, with what was due") {
    parking s;
    s.scripts[0].give({"data: x\n\n"});
    auto reply = s.send("GET", "/slow");
    s.server().drain();
    s.server().advance(1s);
    CHECK(reply.body() == "data: x\n\n");
    CHECK(reply.complete());
    CHECK(s.scripts[0].readers == 0);
    s.server().advance(250ms);
    CHECK(s.server().connections() == 0);
}

TEST_CASE("a parked stream whose client is behind when the server drains ends when that has taken the rest") {
    parking s;
    auto connection = s.server().connect();
    connection.window(10);
    s.scripts[0].give({"data: something\n\n"});
    connection.send(get());
    s.server().drain();
    CHECK_FALSE(connection.ended());
    CHECK(drained(s, connection).ends_with("11\r\ndata: something\n\n\r\n0\r\n\r\n"));
    CHECK(connection.ended());
    CHECK(s.scripts[0].readers == 0);
}
