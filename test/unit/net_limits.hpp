#pragma once

#include "app_asking.hpp"

#include <chrono>
#include <string>
#include <string_view>

/// What the tests of limits ask for.
namespace net_limits {

using namespace std::chrono_literals;

inline rill::response greet(rill::request&) {
    return rill::response::text("hello");
}

inline rill::event_stream tick_for_ever(rill::request&) {
    for (int i = 0;; ++i) {
        co_yield {.id = std::to_string(i), .data = "tick"};
        co_await rill::sleep_for(1s);
    }
}

/// A request without its head's end, over a connection of its own.
inline std::string ask(rill::testing::connection& over, std::string_view more = {}) {
    over.send(std::string{"GET / HTTP/1.1\r\nHost: test\r\n"}.append(more).append("\r\n"));
    return over.receive();
}

} // namespace net_limits
