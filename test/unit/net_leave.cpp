// Clients that leave, and clients that do not keep up.
#include "app_asking.hpp"

#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>

using namespace std::chrono_literals;
using rill::event_stream;
using rill::request;
using rill::response;
using rill::task;

namespace {

/// Tells of its death.
class local {
public:
    local(std::string& log, char name) : log_{log}, name_{name} {}
    local(const local&) = delete;
    local& operator=(const local&) = delete;
    ~local() { log_ += name_; }

private:
    std::string& log_;
    char name_;
};

} // namespace

TEST_CASE("a client that leaves destroys a stream's handler where it waits: it is never resumed") {
    std::string log;
    site s;
    s.routes.get("/", [&log](request&) -> event_stream {
        const local a{log, 'a'};
        try {
            const local b{log, 'b'};
            co_await rill::sleep_for(1h);
            log += '!';
        } catch (...) {
            log += '?';
        }
        log += '!';
    });
    SUBCASE("by closing") {
        auto reply = s.send("GET", "/");
        CHECK(log.empty());
        reply.close();
    }
    SUBCASE("by finishing its side") {
        auto reply = s.send("GET", "/");
        reply.connection().finish();
    }
    SUBCASE("before it got anything") {
        auto connection = s.server().connect();
        connection.window(0);
        connection.send(whole_request);
        connection.close();
    }
    CHECK(log == "ba");
    CHECK(s.server().connections() == 0);
    CHECK(s.log.lines.empty());
}

TEST_CASE("the task that a stream's handler awaits sees operation_aborted, and its locals die before the "
          "handler's") {
    std::string log;
    site s;
    const auto wait = [](std::string& out) -> task<int> {
        const local inner{out, 'i'};
        try {
            co_await rill::sleep_for(1h);
        } catch (const std::system_error&) {
            out += 'x';
            throw;
        }
        co_return 1;
    };
    s.routes.get("/", [&](request&) -> event_stream {
        const local outer{log, 'o'};
        co_yield {.data = std::to_string(co_await wait(log))};
    });
    auto reply = s.send("GET", "/");
    reply.close();
    CHECK(log == "xio");
}

TEST_CASE(
    "a task that heeds no cancellation keeps its handler's frame until it is done, and only that long") {
    std::string log;
    site s;
    const auto stubborn = [](std::string& out) -> task<> {
        const local inner{out, 'i'};
        try {
            co_await rill::sleep_for(1h);
        } catch (const std::system_error&) {
        }
        co_await asio::this_coro::reset_cancellation_state();
        co_await rill::sleep_for(1min);
    };
    s.routes.get("/", [&](request&) -> event_stream {
        const local outer{log, 'o'};
        co_await stubborn(log);
        log += '!';
    });
    auto reply = s.send("GET", "/");
    reply.close();
    CHECK(log.empty());
    CHECK(s.server().connections() == 1);
    s.server().advance(1min);
    CHECK(log == "io");
    CHECK(s.server().connections() == 0);
}

TEST_CASE("a client that leaves throws operation_aborted into a task, and its response goes nowhere") {
    std::string log;
    site s;
    s.routes.get("/", [&log](request&) -> task<response> {
        const local a{log, 'a'};
        try {
            co_await rill::sleep_for(1h);
        } catch (const std::system_error&) {
            log += 'x';
        }
        co_return response::text("nobody reads this");
    });
    auto reply = s.send("GET", "/");
    reply.close();
    CHECK(log == "xa");
    CHECK(s.server().connections() == 0);
    CHECK(s.log.lines.empty());
}

TEST_CASE("a client that leaves while requests wait behind a stream takes them along") {
    int asked = 0;
    site s;
    s.routes.get("/", [](request&) -> event_stream { co_await rill::sleep_for(1h); });
    s.routes.get("/plain", [&asked](request&) { return ++asked, response{}; });
    auto connection = s.server().connect();
    connection.send(std::string{whole_request} + "GET /plain HTTP/1.1\r\nHost: test\r\n\r\n");
    connection.close();
    CHECK(s.server().connections() == 0);
    CHECK(asked == 0);
}

TEST_CASE("a client that does not read suspends who yields, with a bounded number of bytes on the way") {
    constexpr std::size_t buffer = 10'000, window = 1000, size = 100;
    std::size_t yielded = 0;
    site s{rill::server_options{.limits = {.write_buffer = buffer}}};
    s.routes.get("/", [&yielded](request&) -> event_stream {
        for (int n = 0; n < 1000; ++n) {
            co_yield {.data = std::string(size, 'x')};
            ++yielded;
        }
    });
    auto connection = s.server().connect();
    connection.window(window);
    connection.send(whole_request);
    s.server().advance(10s);
    const auto first = yielded;
    CHECK(first * size <= buffer + window);
    CHECK(first * size >= buffer / 4);
    static_cast<void>(connection.receive());
    CHECK(yielded == first); // not before it has caught up
    while (!connection.receive().empty()) s.server().run();
    CHECK(yielded == 1000);
}

TEST_CASE("a handler that waits is held back too, while its client is behind") {
    int ticks = 0;
    site s{rill::server_options{.limits = {.write_buffer = 10'000}}};
    s.routes.get("/", [&ticks](request&) -> event_stream {
        for (;; ++ticks) {
            co_yield {.data = std::string(1000, 'x')};
            co_await rill::sleep_for(1s);
        }
    });
    auto connection = s.server().connect();
    connection.window(0);
    connection.send(whole_request);
    s.server().advance(29s);
    const auto first = ticks;
    CHECK(first >= 4);
    CHECK(first <= 10);
    connection.window(1 << 20);
    s.server().advance(10s);
    CHECK(ticks >= first + 10);
}

TEST_CASE("a client that leaves while its handler is held back destroys it") {
    std::string log;
    site s{rill::server_options{.limits = {.write_buffer = 1000}}};
    s.routes.get("/", [&log](request&) -> event_stream {
        const local a{log, 'a'};
        for (;;) co_yield {.data = std::string(100, 'x')};
    });
    auto connection = s.server().connect();
    connection.window(100);
    connection.send(whole_request);
    CHECK(log.empty());
    connection.close();
    CHECK(log == "a");
    CHECK(s.server().connections() == 0);
}

TEST_CASE("a handler that yields for ever lets others have their turn") {
    site s;
    s.routes.get("/flood", [](request&) -> event_stream {
        for (;;) co_yield {.data = std::string(1000, 'x')};
    });
    s.routes.get("/", says("hello"));
    auto flood = s.server().connect();
    flood.send("GET /flood HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(s.get("/") == "200 hello");
    CHECK(s.server().connections() >= 1);
}

TEST_CASE("a server that goes destroys its handlers wherever they stand") {
    std::string log;
    rill::router routes;
    const auto wait = [](std::string& out) -> task<int> {
        const local inner{out, 'i'};
        co_await rill::sleep_for(1h);
        co_return 1;
    };
    routes.get("/stream", [&](request&) -> event_stream {
        const local outer{log, 'o'};
        co_yield {.data = std::to_string(co_await wait(log))};
    });
    routes.get("/task", [&](request&) -> task<response> {
        const local outer{log, 'o'};
        co_return response::text(std::to_string(co_await wait(log)));
    });
    routes.post("/body", [&](request& r) -> task<response> {
        const local outer{log, 'o'};
        const local inner{log, 'i'};
        co_return response::text(co_await r.text());
    });
    routes.get("/writer", [&](request&, rill::sse_writer& w) -> task<void> {
        const local outer{log, 'o'};
        const local inner{log, 'i'};
        for (;;) co_await w.write({.data = std::string(1000, 'x')});
    });
    for (const auto* request : {"GET /stream", "GET /task", "POST /body", "GET /writer"}) {
        CAPTURE(request);
        auto server = std::make_unique<rill::testing::server>(routes);
        auto connection = server->connect();
        connection.send(fmt::format("{} HTTP/1.1\r\nHost: test\r\n{}\r\n", request,
                                    request[0] == 'P' ? "Content-Length: 3\r\n" : ""));
        CHECK(log.empty());
        server.reset();
        CHECK(log == "io");
        CHECK(connection.ended());
        log.clear();
    }
}

TEST_CASE("a client that leaves is noticed behind whatever it has sent ahead") {
    std::string log;
    site s;
    s.routes.get("/", [&log](request&) -> task<response> {
        const local a{log, 'a'};
        co_await rill::sleep_for(1h);
        co_return rill::status::ok;
    });
    auto connection = s.server().connect();
    connection.send(whole_request);
    connection.send(std::string(100'000, 'x'));
    s.server().advance(10s);
    CHECK(log.empty());
    connection.finish();
    CHECK(log == "a");
    CHECK(s.server().connections() == 0);
}

TEST_CASE(
    "requests that are sent ahead are answered up to what is kept of them, and beyond that not at all") {
    for (const std::size_t count : {std::size_t{3}, 70'000 / whole_request.size()}) {
        site s;
        s.routes.get("/", [](request&) -> task<response> {
            co_await rill::sleep_for(1s);
            co_return response::text("answer");
        });
        auto connection = s.server().connect();
        std::string all;
        for (std::size_t i = 0; i < count; ++i) all += whole_request;
        connection.send(all);
        s.server().advance(1min);
        const auto answers = connection.receive();
        std::size_t answered = 0;
        for (auto at = answers.find("200 OK"); at != answers.npos; at = answers.find("200 OK", at + 1))
            ++answered;
        const bool too_many = count > 3;
        CHECK(answered == (too_many ? 1 : 3));
        CHECK(answers.ends_with("answer"));
        CHECK((answers.find("Connection: close") != answers.npos) == too_many);
        CHECK(connection.ended() == too_many);
    }
}
