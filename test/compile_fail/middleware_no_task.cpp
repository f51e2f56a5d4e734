// expect: a Rill middleware is
#include <rill/rill.hpp>

void add(rill::router& routes) {
    routes.use([](rill::request&, rill::next) { return rill::response{}; });
}
