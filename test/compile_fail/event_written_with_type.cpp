// expect: a Rill event has its type in .name
#include <rill/rill.hpp>

rill::task<void> alarm(rill::request&, rill::sse_writer& out) {
    co_await out.write({.event = "alarm", .data = "It burns."});
}
