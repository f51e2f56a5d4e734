// expect: no member named 'return_value' in
#include <rill/rill.hpp>

rill::event_stream hello(rill::request&) {
    co_return "hello";
}
