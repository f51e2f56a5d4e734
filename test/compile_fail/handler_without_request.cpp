// expect: a Rill handler is
#include <rill/rill.hpp>

rill::response hello() {
    return rill::response::text("hello");
}

void add(rill::router& routes) {
    routes.get("/", hello);
}
