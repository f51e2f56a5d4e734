#pragma once

#include "faults_stage.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace faults {

/// What came of a scenario of which one block was refused.
struct end {
    std::string received;
    bool refused = false;
    int unheard = 0;
};

/// Plays it on a stage, beside another connection of the same server, which has memory.
template <typename Stage>
end played_with(const scenario& what, int blocks) {
    plan none;
    Stage s{none, what.options};
    typename Stage::neighbour other{s};
    const auto before = other.asked();
    CHECK(before.ends_with("\r\n\r\nshort"));

    s.reserve();
    heap::refuse_one_after(blocks);
    s.open();
    what.play(s);
    s.receive();
    const bool refused = heap::refuse_none();
    if (!s.shard().draining()) CHECK(other.asked() == before);

    s.leave();
    s.advance(1h);
    other.leave();
    CHECK(s.shard().connections() == 0);
    CHECK(s.handlers == 0);
    CHECK(s.subscribers() == 0);
    return {s.received, refused, s.unheard};
}

/// The same, when nothing is left of it. Something may be made once, and kept.
template <typename Stage>
end left_nothing(const scenario& what, int blocks) {
    for (bool again = false;; again = true) {
        const auto live = heap::blocks();
        auto made = played_with<Stage>(what, blocks);
        if (live + (made.received.capacity() > 15 ? 1 : 0) == heap::blocks()) return made;
        if (!again) continue;
        CHECK(heap::blocks() == live);
        return made;
    }
}

/// The right answer, as far as it goes, or that the server failed.
inline bool is_right_or_500(std::string_view got, std::string_view right) {
    const auto same = static_cast<std::size_t>(std::ranges::mismatch(got, right).in1 - got.begin());
    if (same == got.size()) return true;
    const auto begin = got.rfind("HTTP/1.1 ", same);
    return begin != got.npos && got.substr(begin).starts_with("HTTP/1.1 500 ");
}

/// Each block that the scenario takes is refused once.
template <typename Stage>
void refuse_each_block(const scenario& what) {
    CAPTURE(what.name);
    const auto right = meaning(played_with<Stage>(what, -1).received);
    CHECK(right.starts_with("HTTP/1.1 "));
    bool refused = true;
    for (int blocks = 0; refused && blocks < 2000; ++blocks) {
        CAPTURE(blocks);
        const auto outcome = left_nothing<Stage>(what, blocks);
        refused = outcome.refused;
        const auto got = meaning(outcome.received);
        CAPTURE(got);
        if (outcome.unheard == 0 && !what.depends_on_pace) CHECK(is_right_or_500(got, right));
    }
    CHECK_FALSE(refused);
}

} // namespace faults
