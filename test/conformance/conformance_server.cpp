// A small server for HTTP test suites from outside. `--port P` (0: any), `--echo-all` for suites that try
// every method.
#include <rill/rill.hpp>

#include "support/command_line.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

using namespace std::chrono_literals;

namespace {

rill::response hello(rill::request&) {
    return rill::response::text("Rill\n");
}

rill::task<rill::response> echo(rill::request& request) {
    const std::string type{request.field("Content-Type").value_or("application/octet-stream")};
    auto body = co_await request.bytes();
    co_return rill::response::bytes(std::move(body), type);
}

rill::event_stream ticks(rill::request&) {
    for (std::uint64_t n = 1;; ++n) {
        co_yield {.id = std::to_string(n), .data = std::to_string(n)};
        co_await rill::sleep_for(100ms);
    }
}

} // namespace

int main(int argc, char** argv) {
    bool echo_all = false;
    demo::command_line command_line{"A small server for HTTP test suites from outside.", 5801};
    command_line.flag("--echo-all", echo_all,
                      "answer every method on every path with 200 and an echo of the body");
    if (const auto exit_code = command_line.parse(argc, argv)) return *exit_code;

    rill::router routes;
    if (echo_all) {
        routes.any("/{path...}", echo);
    } else {
        routes.get("/", hello).post("/echo", echo).get("/ticks", ticks);
    }
    return rill::serve(routes, command_line.options());
}
