// expect: a Rill event has its type in .name
#include <rill/rill.hpp>

rill::event_stream alarm(rill::request&) {
    co_yield {.event = "alarm", .data = "It burns."};
}
