// expect: elements_of a subscription
#include <rill/rill.hpp>

rill::event_stream join(rill::topic& room, rill::request& request) {
    co_yield room.subscribe(request);
}
