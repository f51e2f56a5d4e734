// expect: a Rill handler is to return task<response>, and this one is a task of something else
#include <rill/rill.hpp>

void add(rill::router& routes) {
    routes.post("/", [](rill::request&) -> rill::task<int> { co_return 1; }, {.max_body = 10});
}
