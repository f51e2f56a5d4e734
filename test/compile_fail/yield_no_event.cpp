// expect: 'std::string'
#include <rill/rill.hpp>

rill::event_stream hello(rill::request&) {
    co_yield std::string{"hello"};
}
