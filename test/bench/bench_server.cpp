// Rill under load: the server that tools/bench compares with others, written as any user would write it.
#include <rill/rill.hpp>

#include "support/command_line.hpp"

#include <chrono>

using namespace std::chrono_literals;

namespace {

rill::event_stream firehose(rill::request&) {
    for (;;) co_yield {.data = "tokentokentokentoken"};
}

rill::event_stream quiet(rill::request&) {
    co_await rill::sleep_for(1h);
}

} // namespace

int main(int argc, char** argv) {
    demo::command_line command_line{
        "One topic, GET /events and POST /publish; /hello, /firehose and /quiet."};
    if (const auto exit_code = command_line.parse(argc, argv)) return *exit_code;

    rill::topic topic;
    rill::router routes;
    routes.get("/events", [&topic](rill::request& request) { return topic.subscribe(request); });
    routes.post("/publish", [&topic](rill::request& request) -> rill::task<rill::response> {
        const auto text = co_await request.text();
        topic.publish({.data = text});
        co_return rill::status::no_content;
    });
    routes.get("/hello", [](rill::request&) { return rill::response::text("Hello, World!"); });
    routes.get("/firehose", firehose);
    routes.get("/quiet", quiet);
    return rill::serve(routes, command_line.options());
}
