// Each step of a connection's transport fails once, in each way that it can, in each scenario.
#include "faults_steps.hpp"

#include <doctest/doctest.h>

using namespace faults;

TEST_CASE("whichever step of a connection fails, nothing is left of it, and short ones change nothing") {
    for (const auto& what : scenarios()) fail_each_step<stage>(what);
}
