// expect: a Rill handler is to return a response, and this one returns text
#include <rill/rill.hpp>

void add(rill::router& routes) {
    routes.put("/", [](rill::request&) { return "hello"; });
}
