// Streams as their clients see them, by the clock of the test.
#include <rill/rill.hpp>
#include <rill/testing/server.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace std::chrono_literals;

TEST_CASE("a stream opens at once and ticks") {
    rill::router routes;
    routes.get("/ticks", [](rill::request&) -> rill::event_stream {
        for (int n = 1;; ++n) {
            co_await rill::sleep_for(1s);
            co_yield {.data = std::to_string(n)};
        }
    });
    rill::testing::server server{routes};
    auto ticks = server.get("/ticks");
    CHECK(ticks.status() == rill::status::ok);
    CHECK(ticks.body() == ":\n\n");
    server.advance(3s);
    CHECK(ticks.events().size() == 3);
    CHECK(ticks.connection().writes() == 4);
    ticks.close();
    CHECK(server.connections() == 0);
}

TEST_CASE("small events that are yielded together all arrive, in one write") {
    rill::router routes;
    routes.get("/three", [](rill::request&) -> rill::event_stream {
        for (const auto* text : {"a", "b", "c"}) co_yield {.data = text};
    });
    rill::testing::server server{routes};
    auto three = server.get("/three");
    CHECK(three.body() == "data: a\n\ndata: b\n\ndata: c\n\n");
    CHECK(three.complete());
}
