// expect: a Rill handler yields an event, or elements_of a subscription
#include <rill/rill.hpp>

rill::event_stream hello(rill::request&) {
    co_yield std::string{"hello"};
}
