#pragma once

#include "besiegers.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace siege {

/// One siege: its connections, and what they may cost the hub.
struct plan {
    std::string_view name{}, title{};
    std::vector<std::string> arguments{}; ///< of the hub
    std::size_t files = 0;                ///< that it may open; 0 for as many as we may
    bool tls = false;
    std::vector<crowd> crowds{};
    std::size_t held = 0;   ///< connections that the hub must have while it is besieged
    std::size_t growth = 0; ///< bytes of resident memory, at most
    /// When the hub must be rid of those that do nothing any more; 0: they are left to no time-out here.
    std::chrono::seconds rid_of_them{0};
    std::size_t idle = 0;    ///< connections of them that ask for nothing, and may stay
    bool turns_away = false; ///< some must be told that there are too many
};

[[nodiscard]] std::vector<plan> all_plans();

} // namespace siege
