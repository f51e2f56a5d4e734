// expect: await_transform
#include <rill/rill.hpp>

rill::event_stream hello(rill::request&) {
    co_await 5;
}
