// expect: a Rill handler is
#include <rill/rill.hpp>

void add(rill::router& routes) {
    routes.any("/", [](rill::request) { return rill::response{}; });
}
