// expect: a Rill handler is called as a const object
#include <rill/rill.hpp>

void add(rill::router& routes) {
    routes.get("/", [n = 0](rill::request&) mutable { return rill::response::text(std::to_string(++n)); });
}
