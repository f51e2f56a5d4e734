// expect: a Rill handler is an object, callable while const, of one of the forms
#include <rill/rill.hpp>

void add(rill::router& routes) {
    routes.get("/", [](const std::string& path) { return rill::response::text(path); });
}
