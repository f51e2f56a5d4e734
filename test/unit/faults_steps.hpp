#pragma once

#include "faults_stage.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace faults {

struct named_fault {
    fault what;
    std::string_view name;
    std::string_view steps; ///< that it can happen at
};

inline constexpr std::array all_faults{
    named_fault{fault::read_ends, "read_ends", "r"},
    named_fault{fault::write_ends, "write_ends", "w"},
    named_fault{fault::reads_bytewise, "reads_bytewise", "r"},
    named_fault{fault::write_takes_one, "write_takes_one", "w"},
    named_fault{fault::writes_bytewise, "writes_bytewise", "w"},
    named_fault{fault::write_takes_none, "write_takes_none", "w"},
    named_fault{fault::peer_finishes, "peer_finishes", "rwRW"},
    named_fault{fault::peer_resets, "peer_resets", "rwRW"},
    named_fault{fault::everything_closed, "everything_closed", "rwRW"},
};

/// Plays it, has the client leave, and looks for what is left an hour later. Gives what the client got.
template <typename Stage>
std::string played(const scenario& what, plan& how) {
    Stage s{how, what.options};
    s.open();
    what.play(s);
    s.receive();
    s.leave();
    s.advance(1h);
    CHECK(s.shard().connections() == 0);
    CHECK(s.handlers == 0);
    CHECK(s.subscribers() == 0);
    CHECK(s.thrown == 0);
    return meaning(s.received);
}

/// Once without a fault, and then with each fault at each step. What a client gets may end too early; if the
/// fault only shortens what goes at a time, it must not.
template <typename Stage>
void fail_each_step(const scenario& what) {
    CAPTURE(what.name);
    plan counting;
    const auto right = played<Stage>(what, counting);
    CHECK(right.starts_with("HTTP/1.1 "));
    CHECK(counting.steps.size() >= 4);
    for (std::size_t at = 0; at < counting.steps.size(); ++at)
        for (const auto& how : all_faults) {
            if (how.steps.find(counting.steps[at]) == how.steps.npos) continue;
            INFO(how.name, " at step ", at, " of ", counting.steps);
            plan failing{.what = how.what, .at = at, .steps = {}};
            const auto got = played<Stage>(what, failing);
            if (what.depends_on_pace) continue;
            if (only_shortens(how.what))
                CHECK(got == right);
            else
                CHECK(right.starts_with(got));
        }
}

} // namespace faults
