// The same as in faults_memory.cpp over TLS, for some of the scenarios: from taking the connection on.
#include "faults_memory.hpp"
#include "faults_tls_stage.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string_view>

using namespace faults;

TEST_CASE("whichever block of memory is refused over TLS, only the connection that wanted it is lost") {
    if (!heap::is_watched()) return;
    constexpr std::array<std::string_view, 9> played_here{
        "a short answer",
        "a body for which nobody waits",
        "a stream that yields, sleeps and ends",
        "a handler that relays",
        "a parked subscription",
        "a subscriber that is slow, and skips",
        "a handler that throws in mid-stream",
        "draining a stream",
        "a large stream, read slowly",
    };
    std::ptrdiff_t count = 0;
    for (const auto& what : scenarios()) {
        if (std::ranges::find(played_here, what.name) == played_here.end()) continue;
        refuse_each_block<tls_stage>(what);
        ++count;
    }
    CHECK(count == std::ssize(played_here));
}
