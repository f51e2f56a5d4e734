#pragma once

#include <rill/base/config.hpp>

#include <chrono>

namespace rill {

/// The clock that intervals and deadlines are measured with. It never steps back.
using clock = std::chrono::steady_clock;
using time_point = clock::time_point;
using duration = clock::duration;

} // namespace rill
