// Many requests over one connection, over many, one behind the other, and of clients that do not take the
// answers.
#include <rill/testing/server.hpp>

#include "net/serving.hpp"
#include "support/chunks.hpp"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using serving::socket_client;

rill::router numbers() {
    rill::router routes;
    routes.get("/{n}", [](rill::request& request) { return rill::response::text(request.param("n")); })
        .post("/echo",
              [](rill::request& request) -> rill::task<rill::response> {
                  co_return rill::response::text(co_await request.text());
              })
        .get("/three/events", [](rill::request&) -> rill::event_stream {
            for (int n = 1; n <= 3; ++n) {
                co_await rill::sleep_for(1ms);
                co_yield {.data = std::to_string(n)};
            }
        });
    return routes;
}

/// How many answers there are in `bytes`.
std::size_t answers_in(std::string_view bytes) {
    constexpr std::string_view begin = "HTTP/1.1 ";
    std::size_t count = 0;
    for (auto at = bytes.find(begin); at != bytes.npos; at = bytes.find(begin, at + 1)) ++count;
    return count;
}

} // namespace

TEST_CASE("a thousand requests go over one connection") {
    const auto routes = numbers();
    serving::server server{routes};
    socket_client client{server.url()};
    for (int i = 0; i < 1000; ++i) {
        const auto text = std::to_string(i);
        client.send(serving::get("/" + text));
        REQUIRE(serving::body_of(client) == text);
    }
}

TEST_CASE("clients in many threads get their own answers from a server with several") {
    const auto routes = numbers();
    serving::server server{routes, {.threads = 3}};
    std::atomic<std::size_t> right{0};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < 50; ++i) {
                    socket_client client{server.url()};
                    for (int j = 0; j < 4; ++j) {
                        const auto text = fmt::format("{}-{}-{}", t, i, j);
                        client.send(
                            j % 2 == 0
                                ? serving::get("/" + text)
                                : fmt::format(
                                      "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n{}",
                                      text.size(), text));
                        if (serving::body_of(client) == text) ++right;
                    }
                }
            });
    }
    CHECK(right == 4 * 50 * 4);
}

TEST_CASE("what is pipelined behind a stream is answered once that has ended") {
    const auto routes = numbers();
    serving::server server{routes};
    socket_client client{server.url()};
    client.send(serving::get("/three/events") + serving::get("/1") + serving::get("/three/events") +
                serving::get("/2"));
    for (const auto* text : {"1", "2"}) {
        CHECK(client.until("\r\n\r\n").find("text/event-stream") != std::string::npos);
        const auto body = client.until("0\r\n\r\n");
        const support::chunks chunks{body};
        CHECK(chunks.complete);
        CHECK(chunks.data.back() == "data: 3\n\n");
        CHECK(serving::body_of(client) == text);
    }
}

TEST_CASE("a burst of requests is answered to the last one, however much of the answers the client holds") {
    const auto routes = numbers();
    for (const std::size_t window : {1'000, 100'000, 10'000'000}) {
        CAPTURE(window);
        rill::testing::server server{routes};
        auto client = server.connect();
        client.window(window);
        constexpr std::size_t count = 5000;
        std::string requests;
        for (std::size_t i = 0; i < count; ++i) requests += serving::get("/" + std::to_string(i));
        client.send(requests);
        std::string answers;
        for (auto more = client.receive(); !more.empty(); more = client.receive()) answers += more;
        CHECK(answers_in(answers) == count);
        CHECK(answers.ends_with("\r\n\r\n4999"));
    }
}

TEST_CASE("a client that sends no more is still answered what it has asked") {
    const auto routes = numbers();
    rill::testing::server server{routes};
    auto client = server.connect();
    client.window(10);
    const std::string post = "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello";
    client.send(post + serving::get("/1") + post + post + serving::get("/2"));
    client.finish();
    std::string answers;
    for (auto more = client.receive(); !more.empty(); more = client.receive()) answers += more;
    CHECK(answers_in(answers) == 5);
    CHECK(answers.ends_with("\r\n\r\n2"));
    CHECK(client.ended());
    CHECK(server.connections() == 0);
}

TEST_CASE("a client that takes no answers is cut, whatever it has asked") {
    const auto routes = numbers();
    const auto post = fmt::format("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n{}",
                                  std::string(1000, 'x'));
    const std::vector<std::string> askings{serving::get("/1"),
                                           serving::get("/1") + serving::get("/2"),
                                           post + post + post,
                                           post + serving::get("/three/events"),
                                           serving::get("/three/events") + post,
                                           "no request\r\n\r\n"};
    for (std::size_t i = 0; i < askings.size(); ++i) {
        CAPTURE(i);
        rill::testing::server server{routes};
        auto client = server.connect();
        client.window(10);
        client.send(askings[i]);
        CHECK(server.connections() == 1);
        server.advance(61s); // twice `limits::write_timeout`
        CHECK(server.connections() == 0);
        CHECK(client.was_reset());
    }
}
