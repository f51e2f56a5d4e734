// expect: a Rill handler is
#include <rill/rill.hpp>

void add(rill::router& routes) {
    routes.get("/", [](rill::request&) { return 200; });
}
