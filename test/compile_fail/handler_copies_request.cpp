// expect: a Rill handler is given its request by reference, as rill::request&
#include <rill/rill.hpp>

void add(rill::router& routes) {
    routes.any("/", [](rill::request) { return rill::response{}; });
}
