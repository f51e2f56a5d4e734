// expect: a Rill handler is given its request: its first parameter is rill::request&
#include <rill/rill.hpp>

rill::response hello() {
    return rill::response::text("hello");
}

void add(rill::router& routes) {
    routes.get("/", hello);
}
