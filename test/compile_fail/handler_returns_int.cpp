// expect: a Rill handler is to return event_stream, task<response>, response
#include <rill/rill.hpp>

void add(rill::router& routes) {
    routes.get("/", [](rill::request&) { return 200; });
}
