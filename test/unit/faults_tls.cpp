// The same as in faults_steps.cpp below TLS, for some of the scenarios.
#include "faults_steps.hpp"
#include "faults_tls_stage.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string_view>

using namespace faults;

TEST_CASE("whichever step below TLS fails, nothing is left of it, and short ones change nothing") {
    constexpr std::array<std::string_view, 8> played_here{
        "a short answer",
        "a body in pieces, after 100 Continue",
        "a stream that yields, sleeps and ends",
        "a handler that writes",
        "a parked subscription",
        "a handler that throws in mid-stream",
        "draining a stream",
        "a large answer, read slowly",
    };
    std::size_t count = 0;
    for (const auto& what : scenarios()) {
        if (std::ranges::find(played_here, what.name) == played_here.end()) continue;
        fail_each_step<tls_stage>(what);
        ++count;
    }
    CHECK(count == played_here.size());
}
