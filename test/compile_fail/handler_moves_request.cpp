// expect: a Rill handler is given its request by reference, as rill::request&
#include <rill/rill.hpp>

rill::event_stream hello(rill::request&&) {
    co_yield {.data = "hello"};
}

void add(rill::router& routes) {
    routes.get("/", hello);
}
