// expect: delete
#include <rill/rill.hpp>

rill::router make_router();

void run() {
    rill::server server{make_router()};
    server.run();
}
