#include <rill/rill.hpp>
using namespace std::chrono_literals;

rill::event_stream ticks(rill::request&) {
    for (std::uint64_t n = 1;; ++n) {
        co_await rill::sleep_for(1s);
        co_yield {.data = std::to_string(n)};
    }
}

int main() {
    rill::router routes;
    routes.get("/ticks", ticks);
    return rill::serve(routes, {.port = 5800});
}
