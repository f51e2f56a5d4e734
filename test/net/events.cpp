// Many events, and clients that take them slowly or not at all.
#include <rill/testing/server.hpp>

#include "net/serving.hpp"
#include "support/chunks.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

using namespace std::chrono_literals;

namespace {

constexpr std::size_t many = 10'000;

rill::event_stream count(rill::request&) {
    for (std::size_t n = 1; n <= many; ++n) co_yield {.data = std::to_string(n)};
}

rill::task<void> count_by_hand(rill::request&, rill::sse_writer& writer) {
    for (std::size_t n = 1; n <= many; ++n) co_await writer.write({.data = std::to_string(n)});
}

std::string all_of_them() {
    std::string text;
    for (std::size_t n = 1; n <= many; ++n) text += fmt::format("data: {}\n\n", n);
    return text;
}

} // namespace

TEST_CASE("ten thousand events yielded back to back arrive in order, in fewer than a hundred writes") {
    rill::router routes;
    routes.get("/yielded", count).get("/written", count_by_hand);
    rill::testing::server server{routes};
    for (const auto* path : {"/yielded", "/written"}) {
        CAPTURE(path);
        auto reply = server.get(path);
        CHECK(reply.body() == all_of_them());
        CHECK(reply.complete());
        CHECK(reply.connection().writes() < 100);
    }
}

TEST_CASE("over a socket they come in fewer than a hundred chunks, each of whole events") {
    rill::router routes;
    routes.get("/yielded", count).get("/written", count_by_hand);
    serving::server server{routes};
    for (const auto* path : {"/yielded", "/written"}) {
        CAPTURE(path);
        serving::socket_client client{server.url()};
        client.send(fmt::format("GET {} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", path));
        client.until("\r\n\r\n");
        const auto body = client.rest();
        const support::chunks chunks{body};
        CHECK(chunks.complete);
        CHECK(chunks.data.size() < 100);
        std::string all;
        for (const auto data : chunks.data) {
            CHECK(data.ends_with("\n\n"));
            all += data;
        }
        CHECK(all == all_of_them());
    }
}

TEST_CASE("a client that stops reading suspends the handler with no more than the bound buffered, and loses "
          "nothing") {
    constexpr std::size_t window = 4096, buffer = 16 * 1024, events = 1000;
    const std::string filling(200, 'x');
    std::size_t yielded = 0; // bytes, the event that is suspended included
    std::size_t largest = 0;
    const auto text_of = [&](std::size_t n) { return fmt::format("{} {}", n, filling); };
    const auto note = [&](std::size_t data) {
        largest = data + std::string_view{"data: \n\n"}.size();
        yielded += largest;
    };
    rill::router routes;
    routes
        .get("/yielded",
             [&](rill::request&) -> rill::event_stream {
                 for (std::size_t n = 1; n <= events; ++n) {
                     const auto text = text_of(n);
                     note(text.size());
                     co_yield {.data = text};
                 }
             })
        .get("/awaited",
             [&](rill::request&) -> rill::event_stream {
                 for (std::size_t n = 1; n <= events; ++n) {
                     const auto text = text_of(n);
                     note(text.size());
                     co_yield {.data = text};
                     co_await rill::sleep_for(0s);
                 }
             })
        .get("/written", [&](rill::request&, rill::sse_writer& writer) -> rill::task<void> {
            for (std::size_t n = 1; n <= events; ++n) {
                const auto text = text_of(n);
                note(text.size());
                co_await writer.write({.data = text});
            }
        });
    rill::testing::server server{routes, {.limits = {.write_buffer = buffer}}};
    for (const auto* path : {"/yielded", "/awaited", "/written"}) {
        CAPTURE(path);
        yielded = 0;
        auto client = server.connect();
        client.window(window);
        client.send(serving::get(path));
        std::size_t received = 0; // more than was of events, by the framing
        std::string all;
        for (bool more = true; more;) {
            CHECK(yielded <= received + window + buffer + largest);
            const auto bytes = client.receive();
            server.run();
            received += bytes.size();
            all += bytes;
            more = !bytes.empty();
        }
        const auto body_at = all.find("\r\n\r\n") + 4;
        const support::chunks chunks{std::string_view{all}.substr(body_at)};
        CHECK(chunks.complete);
        std::string got, wanted;
        for (const auto data : chunks.data) got += data;
        for (std::size_t n = 1; n <= events; ++n) wanted += fmt::format("data: {}\n\n", text_of(n));
        CHECK(got == wanted);
    }
}

TEST_CASE("over a socket a handler rests while its client does not read, and goes on when it does") {
    constexpr std::size_t events = 16'384;
    const std::string filling(1000, 'x');
    std::atomic<std::size_t> yielded{0};
    rill::router routes;
    routes.get("/events", [&](rill::request&) -> rill::event_stream {
        while (yielded < events) co_yield {.data = fmt::format("{} {}", ++yielded, filling)};
    });
    serving::server server{routes};
    serving::socket_client client{server.url(), 4096};
    client.send("GET /events HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    REQUIRE(serving::eventually([&] { return yielded > 0; }));
    CHECK(serving::settled(yielded) < events); // 16 MB are more than any socket holds here
    client.until("\r\n\r\n");
    const auto body = client.rest();
    const support::chunks chunks{body};
    CHECK(chunks.complete);
    std::string got, wanted;
    for (const auto data : chunks.data) got += data;
    for (std::size_t n = 1; n <= events; ++n) wanted += fmt::format("data: {} {}\n\n", n, filling);
    CHECK((got == wanted)); // too long to be shown
}
