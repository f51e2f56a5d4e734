// expect: a Rill handler awaits tasks
#include <rill/rill.hpp>

rill::event_stream hello(rill::request&) {
    co_await 5;
}
