// Ticks, live: GET /ticks streams a number at each interval, GET / is a page that shows them.
//
//     ticks --interval 250ms
//     curl -N localhost:5800/ticks
#include <rill/rill.hpp>

#include "page.hpp"
#include "support/command_line.hpp"
#include "support/page.hpp"

#include <chrono>
#include <cstdint>
#include <string>

using namespace std::chrono_literals;

namespace {

/// Counts for one client. The id of a tick is its number, so whoever was cut off comes back with the last one
/// it saw and misses none; an id that is no number starts anew.
rill::event_stream ticks(rill::request& request, std::chrono::milliseconds interval) {
    const auto last = rill::parse<std::uint64_t>(request.last_event_id()).value_or(0);
    for (auto n = last + 1;; ++n) {
        co_await rill::sleep_for(interval);
        const auto number = std::to_string(n);
        co_yield {.id = number, .data = number};
    }
}

} // namespace

int main(int argc, char** argv) {
    std::chrono::milliseconds interval = 1s;
    demo::command_line command_line{"Ticks, live: GET /ticks streams them, GET / shows them."};
    command_line.time("--interval", interval, "the time from tick to tick");
    if (const auto exit_code = command_line.parse(argc, argv)) return *exit_code;

    rill::router routes;
    routes.use(command_line.guard());
    routes.get("/healthz", rill::health);
    routes.get("/", [](rill::request&) { return demo::page(page); });
    routes.get("/ticks", [interval](rill::request& request) { return ticks(request, interval); });
    return rill::serve(routes, command_line.options());
}
