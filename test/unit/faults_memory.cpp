// Each block of memory that a connection takes is refused once, in each scenario.
#include "faults_memory.hpp"

#include <doctest/doctest.h>

using namespace faults;

TEST_CASE("whichever block of memory is refused, only the connection that wanted it is lost") {
    if (!heap::is_watched()) return;
    for (const auto& what : scenarios()) refuse_each_block<stage>(what);
}
