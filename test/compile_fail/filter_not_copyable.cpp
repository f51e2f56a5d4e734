// expect: no matching
#include <rill/rill.hpp>

auto join(rill::topic& room, rill::request& request) {
    return room.subscribe(request, {.filter = [n = std::make_unique<int>(1)](const rill::published_event&) {
                              return *n == 1;
                          }});
}
