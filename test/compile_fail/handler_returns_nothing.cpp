// expect: a Rill handler is to return its answer, and this one returns nothing
#include <rill/rill.hpp>

void add(rill::router& routes) {
    routes.delete_("/", [](rill::request&) {});
}
