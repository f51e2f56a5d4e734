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
