// Thousands of clients that come and go leave nothing behind.
#include "net/heap.hpp"
#include "net/serving.hpp"

#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <optional>
#include <string>

using namespace std::chrono_literals;

namespace {

using serving::socket_client;

/// The ways to come and go: before the request, in the middle of it, in its body, behind it, in the answer.
void come_and_go(const std::string& url, int way) {
    static const std::array requests{
        std::string{},
        std::string{"GET /events HTTP/1.1\r\nHo"},
        std::string{"POST /body HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nhalf"},
        std::string{"POST /body HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"},
        serving::get("/events"),
        serving::get("/task"),
        serving::get("/writer"),
        serving::get("/full"),
        serving::get("/text") + serving::get("/text"),
        std::string{"no request\r\n\r\n"},
    };
    constexpr int endings = 3;
    const auto& request = requests[static_cast<std::size_t>(way / endings) % requests.size()];
    socket_client client{url};
    client.send(request);
    switch (way % endings) {
    case 0: client.close(); break;
    case 1: client.reset(); break;
    default:
        // Has the server see the request before the end, where there is an answer to see it by.
        if (request.starts_with("GET /events ") && request.ends_with("\r\n\r\n")) client.until("\r\n\r\n");
        client.finish();
        client.reset();
    }
}

} // namespace

TEST_CASE("ten thousand clients that leave at any point leave no descriptor and no memory behind") {
    std::atomic<std::size_t> alive{0};
    const std::string text(10'000, 'x');
    rill::router routes;
    routes
        .get("/events",
             [&](rill::request&) -> rill::event_stream {
                 const serving::witness local{alive};
                 co_yield {.data = "hello"};
                 co_await rill::sleep_for(1h);
             })
        .get("/full",
             [&](rill::request&) -> rill::event_stream {
                 const serving::witness local{alive};
                 for (;;) co_yield {.data = text};
             })
        .get("/task",
             [&](rill::request&) -> rill::task<rill::response> {
                 const serving::witness local{alive};
                 co_await rill::sleep_for(1h);
                 co_return rill::status::no_content;
             })
        .get("/writer",
             [&](rill::request&, rill::sse_writer& writer) -> rill::task<void> {
                 const serving::witness local{alive};
                 co_await writer.write({.data = "hello"});
                 co_await rill::sleep_for(1h);
             })
        .post("/body",
              [&](rill::request& request) -> rill::task<rill::response> {
                  const serving::witness local{alive};
                  co_return rill::response::text(co_await request.text());
              })
        .get("/text", [](rill::request&) { return rill::response::text("hello"); });
    serving::server server{routes};

    const auto at_first = heap::descriptors();
    const auto run = [&](int clients) {
        for (int i = 0; i < clients; ++i) come_and_go(server.url(), i);
        REQUIRE(serving::eventually([&] { return alive == 0 && heap::descriptors() == at_first; }));
    };
    run(2000); // whatever is kept for the next time is there after this
    const auto blocks = heap::blocks();
    const auto bytes = heap::bytes();
    run(10'000);
    // The event loop keeps a record for each connection that was ever open at a time, a few blocks each, and
    // how many of them that are is a matter of luck. What a hundredth of the clients left behind would be
    // more than this.
    CHECK(serving::eventually([&] { return heap::blocks() <= blocks + 90; }));
    CHECK(serving::eventually([&] { return heap::bytes() <= bytes + 64 * 1024; }));
}

TEST_CASE("a server that ran and stopped fifty times leaves nothing behind") {
    rill::router routes;
    routes.get("/events", [](rill::request&) -> rill::event_stream {
        co_yield {.data = "hello"};
        co_await rill::sleep_for(1h);
    });
    const auto run = [&](int times) {
        for (int i = 0; i < times; ++i) {
            std::optional<serving::server> server{std::in_place, routes, rill::server_options{.threads = 2}};
            socket_client streams{server->url()}, idles{server->url()};
            streams.send(serving::get("/events"));
            streams.until("hello");
            if (i % 2 == 0) { // properly; else it is cut
                server->stop();
                CHECK(streams.rest().ends_with("0\r\n\r\n"));
                CHECK(idles.rest().empty());
                streams.close();
                idles.close();
                REQUIRE(server->ends());
            }
        }
    };
    run(4);
    const auto descriptors = heap::descriptors();
    const auto blocks = heap::blocks();
    run(50);
    CHECK(heap::descriptors() == descriptors);
    CHECK(heap::blocks() <= blocks + 25); // not one block for each two of them
}
