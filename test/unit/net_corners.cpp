// Where the handler, the writer and the session meet: what one of them does while another is at work.
#include "app_asking.hpp"

#include <asio/cancellation_state.hpp>
#include <asio/dispatch.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace std::chrono_literals;
using rill::event_stream;
using rill::request;
using rill::response;
using rill::sse_writer;
using rill::status;
using rill::task;

TEST_CASE("an operation that ends at once does not run the handler on top of itself, however often") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        co_yield {.data = "a"};
        for (int i = 0; i < 100'000; ++i) co_await asio::dispatch(asio::use_awaitable);
        co_yield {.data = "b"};
    });
    auto reply = s.send("GET", "/");
    CHECK(reply.body() == "data: a\n\ndata: b\n\n");
    CHECK(reply.complete());
}

TEST_CASE("what is written while the client is behind is sent when it has caught up") {
    site s{{.limits = {.write_buffer = 16'384}}};
    s.routes.get("/", [](request&, sse_writer& writer) -> task<void> {
        const std::string much(7000, 'x'), more(3000, 'y');
        co_await writer.write({.data = much});
        co_await rill::sleep_for(10ms);
        co_await writer.write({.data = more});
        co_await rill::sleep_for(10ms);
        co_await writer.write({.data = "last"});
        co_await rill::sleep_for(1h);
    });
    auto connection = s.server().connect();
    connection.window(100);
    connection.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    s.server().advance(1s);
    connection.window(1 << 20);
    auto all = connection.receive();
    s.server().advance(1s);
    all += connection.receive();
    CHECK(all.find("data: last\n\n") != all.npos);
}

TEST_CASE("a write that is awaited later, when the client has caught up long since, completes") {
    bool resumed = false;
    site s{{.limits = {.write_buffer = 16'384}}};
    s.routes.get("/", [&resumed](request&, sse_writer& writer) -> task<void> {
        const std::string much(20'000, 'x');
        auto written = writer.write({.data = much});
        co_await rill::sleep_for(1s);
        co_await std::move(written);
        resumed = true;
    });
    auto connection = s.server().connect();
    connection.window(100);
    connection.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    connection.window(1 << 20);
    CHECK(connection.receive().size() > 20'000);
    s.server().advance(1s);
    CHECK(resumed);
}

TEST_CASE("a client that takes no answers gets no more of its requests answered than the buffer holds") {
    int answered = 0;
    const auto much = [] { return response::text(std::string(100'000, 'x')); };
    site s;
    s.routes
        .get("/task",
             [&, much](request&) -> task<response> {
                 ++answered;
                 co_await rill::sleep_for(0s);
                 co_return much();
             })
        .get("/plain", [&, much](request&) {
            ++answered;
            return much();
        });
    for (const std::string path : {"/task", "/plain"}) {
        CAPTURE(path);
        answered = 0;
        auto connection = s.server().connect();
        connection.window(1000);
        std::string requests;
        for (int i = 0; i < 1000; ++i) requests += "GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n";
        connection.send(requests);
        s.server().advance(1s);
        CHECK(answered == 1);
        std::size_t taken = 0;
        connection.window(1 << 20);
        for (auto piece = connection.receive(); !piece.empty(); piece = connection.receive()) {
            taken += piece.size();
            s.server().advance(1ms);
        }
        CHECK(answered == 1000);
        CHECK(taken > 100'000'000);
    }
}

TEST_CASE("the head goes out when a handler that has read the body waits for something else") {
    const auto read_and_wait = [](request& r) -> task<std::string> {
        auto body = co_await r.text();
        co_await rill::sleep_for(1h);
        co_return body;
    };
    site s;
    s.routes
        .post("/writer",
              [&](request& r, sse_writer& writer) -> task<void> {
                  const auto body = co_await read_and_wait(r);
                  co_await writer.write({.data = body});
              })
        .post("/events", [&](request& r) -> event_stream {
            const auto body = co_await read_and_wait(r);
            co_yield {.data = body};
        });
    for (const auto* path : {"/writer", "/events"}) {
        CAPTURE(path);
        auto whole = s.server().post(path, "hello");
        CHECK(whole.has_head());
        auto connection = s.server().connect();
        connection.send(fmt::format("POST {} HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhel", path));
        CHECK(connection.receive().empty());
        connection.send("lo");
        CHECK(connection.receive().starts_with("HTTP/1.1 200 OK\r\n"));
    }
}

TEST_CASE("a body that the client has cut off is never given as a whole one") {
    std::string got;
    site s;
    s.routes.post("/", [&got](request& r) -> task<response> {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        try {
            got = "body " + co_await r.text();
        } catch (const std::system_error& e) {
            got = e.code() == asio::error::operation_aborted ? "aborted" : "other";
        }
        co_return status::no_content;
    });
    auto connection = s.server().connect();
    connection.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhal");
    connection.close();
    CHECK(got == "aborted");
    CHECK(s.server().connections() == 0);
}

TEST_CASE("an error or a stream with a status that does not fit it is a 500, and is logged") {
    site s;
    s.routes.get("/100", [](request&) -> response { throw rill::http_error{static_cast<status>(100)}; })
        .get("/42",
             [](request&) -> task<response> {
                 co_await rill::sleep_for(1ms);
                 throw rill::http_error{static_cast<status>(42)};
             })
        .get("/204", [](request& r) -> response {
            const auto events = [](request&) -> event_stream { co_yield {.data = "x"}; };
            response answer{events(r)};
            answer.head().status = status::no_content;
            return answer;
        });
    for (const auto* path : {"/100", "/42", "/204"}) {
        CAPTURE(path);
        auto reply = s.send("GET", path);
        s.server().advance(1s);
        CHECK(reply.status() == status::internal_server_error);
    }
    CHECK(s.log.errors == 3);
}

TEST_CASE("a server that drains waits a second for nobody who stands still") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        const std::string text(10'000, 'x');
        for (;;) co_yield {.data = text};
    });
    auto half = s.server().connect();
    half.send("GET / HTTP/1.1\r\nHo");
    auto deaf = s.server().connect();
    deaf.window(1000);
    deaf.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    s.server().drain();
    CHECK(s.server().connections() == 2);
    s.server().advance(2s);
    CHECK(s.server().connections() == 0);
    CHECK(half.receive().starts_with("HTTP/1.1 408 "));
}

TEST_CASE("a connection does not hold on to the memory of a body that nobody read") {
    std::size_t room = 0;
    site s;
    s.routes
        .post("/unread",
              [](request&) -> task<response> {
                  co_await rill::sleep_for(1s);
                  co_return status::no_content;
              })
        .post("/read", [&](request& r) -> task<response> {
            const auto text = co_await r.text();
            room = text.capacity(); // it comes as it was received
            co_return response::text(text);
        });
    auto connection = s.server().connect();
    const std::string much(500'000, 'x');
    connection.send("POST /unread HTTP/1.1\r\nHost: test\r\nContent-Length: 500000\r\n\r\n" + much);
    s.server().advance(1s);
    CHECK(connection.receive().starts_with("HTTP/1.1 204 "));
    connection.send("POST /read HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody");
    CHECK(connection.receive().ends_with("body"));
    CHECK(room < 1000);
}
