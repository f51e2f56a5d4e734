// Bodies that come slowly, and many of them at once.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

using namespace std::chrono_literals;
using rill::request;
using rill::response;
using rill::task;

namespace {

/// A server that says how large a body is.
struct counting : site {
    explicit counting(const rill::server_options& options = {}) : site{options} {
        routes.post("/", [](request& r) -> task<response> {
            const auto body = co_await r.bytes();
            co_return response::text(std::to_string(body.size()));
        });
        routes.post("/later", [](request& r) -> task<response> {
            co_await rill::sleep_for(1s);
            const auto body = co_await r.bytes();
            co_return response::text(std::to_string(body.size()));
        });
        routes.post("/never", says("done"));
    }
};

std::string head(std::size_t length, std::string_view path = "/") {
    return fmt::format("POST {} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", path, length);
}

/// The status of an answer, or nothing if there is none.
std::string status_of(rill::testing::connection& connection) {
    const auto answer = connection.receive();
    return answer.empty() ? answer : answer.substr(9, 3);
}

} // namespace

TEST_CASE("a body must begin to come within five seconds") {
    counting s;
    auto connection = s.server().connect();
    connection.send(head(5));
    s.server().advance(5s - 1ms);
    CHECK(status_of(connection).empty());
    s.server().advance(1ms);
    CHECK(status_of(connection) == "408");
    CHECK(connection.ended());
}

TEST_CASE("a body that comes in drops is 408, however often one falls") {
    for (const auto pause : {20s, 4s, 1s}) {
        counting s;
        auto connection = s.server().connect();
        connection.send(head(1000));
        std::string status;
        std::chrono::seconds time{0};
        for (; status.empty() && time < 120s; time += pause) {
            connection.send("x");
            s.server().advance(pause);
            status = status_of(connection);
        }
        CHECK(status == "408");
        CHECK(time <= 20s);
    }
}

TEST_CASE("a body at 240 bytes a second is taken to its end, and one at 200 is not") {
    for (const std::size_t rate : {240, 200}) {
        counting s;
        auto connection = s.server().connect();
        connection.send(head(rate * 120));
        std::string status;
        for (int second = 0; second < 120 && status.empty(); ++second) {
            s.server().advance(1s);
            connection.send(std::string(rate, 'x'));
            status = status_of(connection);
        }
        CHECK(status == (rate == 240 ? "200" : "408"));
    }
}

TEST_CASE("after a fast start a body may rest, but for 30 seconds in all") {
    counting s;
    auto rests = s.server().connect(), drips = s.server().connect();
    for (auto* connection : {&rests, &drips}) connection->send(head(100'010) + std::string(100'000, 'x'));
    s.server().advance(29s);
    rests.send(std::string(10, 'x'));
    CHECK(status_of(rests) == "200");
    drips.send("x");
    s.server().advance(1s);
    CHECK(status_of(drips).empty());
    s.server().advance(10ms); // what the byte was worth
    CHECK(status_of(drips) == "408");
}

TEST_CASE("the pace counts from when the handler reads, and not where nobody does") {
    counting s;
    auto later = s.server().connect(), never = s.server().connect();
    later.send(head(5, "/later"));
    never.send(head(5, "/never"));
    CHECK(status_of(never) == "200");
    s.server().advance(6s - 1ms);
    CHECK(status_of(later).empty());
    s.server().advance(1ms);
    CHECK(status_of(later) == "408");
    never.send("12345" + std::string{whole_request});
    CHECK(status_of(never) == "405");
}

TEST_CASE("any pace will do where the server says so") {
    counting s{rill::server_options{.limits = {.body_rate = 0}}};
    auto connection = s.server().connect();
    connection.send(head(5));
    for (int n = 0; n < 5; ++n) {
        s.server().advance(29s);
        connection.send("x");
    }
    CHECK(status_of(connection) == "200");
}

TEST_CASE("bodies under way together have a bound: one more is 503, and may come again") {
    counting s{rill::server_options{.limits = {.max_body = 5000, .max_bodies = 2000}}};
    const std::string most(900, 'x');
    auto one = s.server().connect(), two = s.server().connect(), three = s.server().connect();
    one.send(head(1000) + most);
    two.send(head(1000) + most);
    three.send(head(1000) + most);
    const auto refusal = three.receive();
    CHECK(refusal.starts_with("HTTP/1.1 503 "));
    CHECK(refusal.find("\r\nRetry-After: 5\r\n") != refusal.npos);
    CHECK(refusal.find("\r\nConnection: close\r\n") != refusal.npos);
    CHECK(three.ended());
    CHECK(s.get("/") == "405 Method Not Allowed");
    CHECK(s.ask("POST", "/", std::string(5000, 'x')) ==
          "200 5000"); // it comes with its head, and is not under way
    auto large = s.server().connect();
    large.send(head(5000) + most);
    CHECK(status_of(large) == "503");
    SUBCASE("once one is complete") {
        one.send(std::string(100, 'x'));
        CHECK(status_of(one) == "200");
    }
    SUBCASE("once a client has left") {
        one.close();
    }
    SUBCASE("once one came too slowly") {
        s.server().advance(4s);
        two.send("x");
        s.server().advance(1s);
        two.send("x");
    }
    SUBCASE("once one was refused") {
        auto chunked = s.server().connect();
        one.close();
        chunked.send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n384\r\n" + most);
        CHECK(status_of(chunked).empty());
        chunked.send("junk\r\n");
        CHECK(status_of(chunked) == "400");
    }
    SUBCASE("once a handler has answered without it") {
        one.close();
        auto unread = s.server().connect();
        unread.send(head(1000, "/never") + most);
        CHECK(status_of(unread) == "200");
    }
    auto four = s.server().connect();
    four.send(head(1000) + most);
    CHECK(status_of(four).empty());
    four.send(std::string(100, 'x'));
    CHECK(status_of(four) == "200");
}

TEST_CASE("a handler that waits for its body, or is to, is told of the bound") {
    counting s{rill::server_options{.limits = {.max_bodies = 2000}}};
    const std::string most(900, 'x');
    auto waits = s.server().connect(), sleeps = s.server().connect(), other = s.server().connect();
    waits.send(head(3000) + most);
    other.send(head(1000) + most);
    sleeps.send(head(3000, "/later") + std::string(50, 'x'));
    sleeps.send(std::string(1000, 'x'));
    waits.send(std::string(1000, 'x'));
    const auto refusal = waits.receive();
    CHECK(refusal.starts_with("HTTP/1.1 503 "));
    CHECK(refusal.find("\r\nRetry-After: 5\r\n") != refusal.npos);
    s.server().advance(1s);
    CHECK(status_of(sleeps) == "503");
    CHECK(s.log.lines.empty());
}

TEST_CASE("a body that comes alone is bounded by its own limit only") {
    counting s{rill::server_options{.limits = {.max_bodies = 1000}}};
    auto connection = s.server().connect();
    connection.send(head(100'000) + std::string(50'000, 'x'));
    connection.send(std::string(50'000, 'x'));
    CHECK(status_of(connection) == "200");
}

TEST_CASE("a body that stands still holds up a drain for a second at most, and one that comes may finish") {
    counting s;
    auto stands = s.server().connect(), comes = s.server().connect(), later = s.server().connect();
    for (auto* connection : {&stands, &comes}) connection->send(head(2000) + "x");
    later.send(head(5, "/later") + "x");
    s.server().advance(500ms);
    s.server().drain();
    for (int n = 0; n < 3; ++n) {
        s.server().advance(900ms);
        comes.send(std::string(500, 'x'));
        if (n == 1) CHECK(status_of(stands) == "408");
    }
    s.server().advance(900ms);
    CHECK(status_of(later) == "408"); // it was waited for a second, too
    comes.send(std::string(499, 'x'));
    const auto answer = comes.receive();
    CHECK(answer.starts_with("HTTP/1.1 200 "));
    CHECK(answer.find("\r\nConnection: close\r\n") != answer.npos);
    s.server().advance(250ms);
    CHECK(s.server().connections() == 0);
}
