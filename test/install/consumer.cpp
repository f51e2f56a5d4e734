// A program of somebody else's that uses Rill: its own handler, the test kit, and Asio's functions in the
// library.
#include <rill/rill.hpp>
#include <rill/testing/server.hpp>

#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <cstdio>
#include <string>

using namespace std::chrono_literals;

namespace {

rill::event_stream count(rill::request& request) {
    const auto limit = request.query<int>("to").value_or(0);
    for (int n = 1; n <= limit; ++n) {
        co_await rill::sleep_for(1s);
        co_await asio::post(asio::use_awaitable);
        co_yield {.id = std::to_string(n), .data = std::to_string(n)};
    }
}

} // namespace

int main() {
    rill::router routes;
    routes.get("/count", count);
    const rill::server real{routes, {.port = 0, .threads = 1}}; // listens, and is not run

    rill::testing::server server{routes};
    auto reply = server.get("/count?to=3");
    server.advance(3s);
    if (real.port() == 0 || !reply.complete() || reply.events().size() != 3) return 1;
    std::printf("counted to %s\n", reply.events().back().data.c_str());
}
