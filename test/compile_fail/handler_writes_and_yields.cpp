// expect: a Rill handler is to return task<void> if it takes (rill::request&, rill::sse_writer&)
#include <rill/rill.hpp>

rill::event_stream hello(rill::request&, rill::sse_writer&) {
    co_yield {.data = "hello"};
}

void add(rill::router& routes) {
    routes.get("/", hello);
}
