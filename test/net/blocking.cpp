// Handlers that hold up their thread, as the clock of the system shows it.
#include "net/serving.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

using namespace std::chrono_literals;

TEST_CASE("a handler that blocks once it has its body is told of in the log") {
    serving::kept_log log;
    std::atomic<bool> waits = false;
    rill::router routes;
    routes.post("/body", [&](rill::request& request) -> rill::task<rill::response> {
        waits = true;
        auto text = co_await request.text();
        std::this_thread::sleep_for(130ms); // what it must not do
        co_return rill::response::text(text);
    });
    const serving::server server{routes, {.threads = 1, .log = &log}};
    serving::socket_client client{server.url()};
    client.send("POST /body?secret HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\na");
    REQUIRE(serving::eventually([&] { return waits.load(); }));
    client.send("b");
    CHECK(serving::body_of(client) == "ab");
    CHECK(serving::eventually([&] { return !log.lines().empty(); }));
    const auto lines = log.lines();
    REQUIRE(lines.size() == 1);
    CHECK_MESSAGE(lines[0].starts_with("POST /body: the handler held up its thread"), lines[0]);
}
