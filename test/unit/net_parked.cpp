// Streams whose handler has nothing more to do: the connection passes them on by itself.
#include "net_parking.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using rill::request;
using rill::response;
using rill::task;
using rill::detail::feed;

TEST_CASE("a parked stream opens with what is due, in one write with its head") {
    parking s;
    s.scripts[0].give({"data: a\n\n", "data: b\n\n"});
    auto reply = s.send("GET", "/");
    CHECK(reply.fields().find("Content-Type") == "text/event-stream");
    CHECK(reply.body() == "data: a\n\ndata: b\n\n");
    CHECK(reply.connection().writes() == 1);
}

TEST_CASE("a parked stream opens with an empty comment where nothing is due") {
    parking s;
    for (const auto* path : {"/", "/slow"}) {
        auto reply = s.send("GET", path);
        s.server().advance(1s);
        CHECK(reply.body() == ":\n");
        CHECK(reply.connection().writes() == 1);
    }
}

TEST_CASE("what comes together leaves in one write and one chunk, whatever its number of pieces") {
    parking s;
    auto connection = s.server().connect();
    connection.send(get());
    static_cast<void>(connection.receive());
    for (std::size_t count = 1; count <= feed::batch::most; ++count) {
        const auto before = connection.writes();
        s.scripts[0].give(std::vector<std::string>(count, "data: 1\n\n"));
        s.run();
        CHECK(connection.writes() == before + 1);
        std::string text;
        for (std::size_t n = 0; n < count; ++n) text += "data: 1\n\n";
        CHECK(connection.receive() == fmt::format("{:x}\r\n{}\r\n", text.size(), text));
    }
}

TEST_CASE("a slow client gets all in its order, and nothing is taken from the feed before it has") {
    for (std::size_t window = 1; window < 200; window += window < 30 ? 1 : 13) {
        CAPTURE(window);
        parking s;
        s.routes.get("/after", says("after"));
        auto connection = s.server().connect();
        connection.window(window);
        std::string expected;
        for (int n = 0; n < 5; ++n) {
            s.scripts[0].give({"data: one\n\n", "data: two, which is longer\n\n", "data: 3\n\n"});
            expected += "data: one\n\ndata: two, which is longer\n\ndata: 3\n\n";
        }
        connection.send(get());
        s.run();
        CHECK(s.scripts[0].taken <= 1);
        s.scripts[0].end();
        auto all = drained(s, connection);
        std::string body;
        for (auto rest = std::string_view{all}.substr(all.find("\r\n\r\n") + 4);
             !rest.starts_with("0\r\n");) {
            const auto size = std::stoul(std::string{rest.substr(0, rest.find("\r\n"))}, nullptr, 16);
            body += rest.substr(rest.find("\r\n") + 2, size);
            rest.remove_prefix(rest.find("\r\n") + 2 + size + 2);
        }
        CHECK(body == expected);
        CHECK(all.ends_with(last_chunk));
        connection.send(get("/after"));
        CHECK(drained(s, connection).ends_with("after"));
    }
}

TEST_CASE("a feed that ends ends the stream, and the connection goes on, time and again") {
    parking s;
    auto connection = s.server().connect();
    for (auto& script : s.scripts) {
        connection.send(get());
        script.give({"data: x\n\n"});
        s.run();
        script.end();
        s.run();
        CHECK(connection.receive().ends_with("9\r\ndata: x\n\n\r\n0\r\n\r\n"));
        CHECK(script.readers == 0);
        connection.send(get("/plain"));
        CHECK(connection.receive().ends_with("hello"));
    }
    CHECK_FALSE(connection.ended());
}

TEST_CASE("streams that end at once are answered one behind the other") {
    parking s;
    for (auto& script : s.scripts) script.end();
    auto connection = s.server().connect();
    connection.send(get() + get() + get("/plain") + get() + get("/plain"));
    const auto all = connection.receive();
    std::size_t heads = 0;
    for (auto at = all.find("HTTP/1.1 200 OK"); at != all.npos; at = all.find("HTTP/1.1 200 OK", at + 1))
        ++heads;
    CHECK(heads == 5);
    CHECK(all.ends_with("hello"));
    CHECK(s.scripts[2].readers == 0);
}

TEST_CASE("a stream is parked behind one that has ended at once, and behind a handler that read a body") {
    parking s;
    s.scripts[0].end();
    auto connection = s.server().connect();
    connection.send(get() + "POST /read HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbo");
    connection.send("dy");
    CHECK(s.body == "body");
    static_cast<void>(connection.receive());
    s.scripts[1].give({"data: x\n\n"});
    s.run();
    CHECK(connection.receive() == "9\r\ndata: x\n\n\r\n");
    s.scripts[1].end();
    s.run();
    CHECK(connection.receive() == last_chunk);
    connection.send(get("/plain"));
    CHECK(connection.receive().ends_with("hello"));
}

TEST_CASE("what a client sends behind a parked stream is answered when that has ended") {
    parking s;
    auto connection = s.server().connect();
    SUBCASE("together with the request") {
        connection.send(get() + get("/plain") + get("/plain"));
    }
    SUBCASE("later") {
        connection.send(get());
        connection.send(get("/plain"));
        connection.send(get("/plain"));
    }
    SUBCASE("in pieces, across the end") {
        connection.send(get());
        connection.send(get("/plain") + get("/plain").substr(0, 10));
    }
    CHECK(connection.receive().find("hello") == std::string::npos);
    s.scripts[0].give({"data: x\n\n"});
    s.run();
    CHECK(connection.receive() == "9\r\ndata: x\n\n\r\n");
    s.scripts[0].end();
    s.run();
    auto answers = connection.receive();
    if (answers.find("hello", answers.find("hello") + 1) == answers.npos) {
        connection.send(get("/plain").substr(10));
        answers += connection.receive();
    }
    CHECK(answers.starts_with("0\r\n\r\nHTTP/1.1 200 OK\r\n"));
    CHECK(answers.find("\r\n\r\nhelloHTTP/1.1 200 OK\r\n") != answers.npos);
    CHECK(answers.ends_with("hello"));
    connection.send(get()); // and parked once more
    s.scripts[1].end();
    s.run();
    CHECK(connection.receive().ends_with(last_chunk));
}

TEST_CASE("more than is kept of what a client sends ahead closes the connection behind the stream") {
    parking s;
    auto connection = s.server().connect();
    connection.send(get());
    for (int n = 0; n < 10; ++n) connection.send(std::string(10'000, 'x'));
    s.scripts[0].give({"data: x\n\n"});
    s.scripts[0].end();
    s.run();
    CHECK(connection.receive().ends_with("9\r\ndata: x\n\n\r\n0\r\n\r\n"));
    CHECK(connection.ended());
}

TEST_CASE("a body that is still to come is skipped while the stream is parked, or behind it") {
    parking s;
    auto connection = s.server().connect();
    connection.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n01234");
    s.scripts[0].give({"data: x\n\n"});
    s.run();
    SUBCASE("while") {
        connection.send("56789");
        s.scripts[0].end();
    }
    SUBCASE("behind") {
        s.scripts[0].end();
        s.run();
        connection.send("56789");
    }
    s.run();
    CHECK(connection.receive().ends_with("data: x\n\n\r\n0\r\n\r\n"));
    connection.send(get("/plain"));
    CHECK(connection.receive().ends_with("hello"));
}

TEST_CASE("a middleware may set fields on the head of a stream that is parked then") {
    parking s;
    s.routes.use([](request& r, rill::next next) -> task<response> {
        auto answer = co_await next(r);
        answer.set("X-Seen", "yes");
        co_return answer;
    });
    s.scripts[0].give({"data: x\n\n"});
    auto reply = s.send("GET", "/");
    CHECK(reply.fields().find("X-Seen") == "yes");
    CHECK(reply.body() == "data: x\n\n");
    s.scripts[0].end();
    s.run();
    CHECK(reply.complete());
}
