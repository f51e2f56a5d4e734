// expect: a Rill handler is to return task<response>, and this one is a task<void>
#include <rill/rill.hpp>

rill::task<void> hello(rill::request&) {
    co_return;
}

void add(rill::router& routes) {
    routes.get("/", hello);
}
