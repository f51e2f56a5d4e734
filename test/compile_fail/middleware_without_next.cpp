// expect: a Rill middleware is
#include <rill/rill.hpp>

void add(rill::router& routes) {
    routes.use([](rill::request&) -> rill::task<rill::response> { co_return rill::response{}; });
}
