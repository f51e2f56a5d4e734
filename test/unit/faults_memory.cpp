// Each block of memory that a connection takes is refused once, in each scenario.
#include "faults_stage.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

using namespace faults;

namespace {

/// Asks on another connection of the same server, which has memory; on a new one if it has been idle for
/// long.
std::string asked(stage& s, plan& none, rill::testing::connection& other) {
    if (other.ended()) other = s.connect(none);
    other.send("GET /short HTTP/1.1\r\nHost: test\r\n\r\n");
    s.run();
    auto answer = meaning(other.receive());
    s.run();
    return answer;
}

/// What came of a scenario of which one block was refused.
struct end {
    std::string received;
    bool refused = false;
    int unheard = 0;
};

end played_with(const scenario& what, int blocks) {
    plan none, of_others;
    stage s{none, what.options};
    auto other = s.connect(of_others);
    const auto before = asked(s, of_others, other);
    CHECK(before.ends_with("\r\n\r\nshort"));

    heap::refuse_one_after(blocks);
    s.open();
    what.play(s);
    s.receive();
    const bool refused = heap::refuse_none();
    if (!s.shard().draining()) CHECK(asked(s, of_others, other) == before);

    s.leave();
    s.advance(1h);
    other.close();
    s.run();
    CHECK(s.shard().connections() == 0);
    CHECK(s.handlers == 0);
    CHECK(s.subscribers() == 0);
    return {s.received, refused, s.unheard};
}

/// The right answer, as far as it goes, or that the server failed.
bool is_right_or_500(std::string_view got, std::string_view right) {
    const auto same = static_cast<std::size_t>(std::ranges::mismatch(got, right).in1 - got.begin());
    if (same == got.size()) return true;
    const auto begin = got.rfind("HTTP/1.1 ", same);
    return begin != got.npos && got.substr(begin).starts_with("HTTP/1.1 500 ");
}

} // namespace

/// The same, when nothing is left of it. Something may be made once, and kept.
end left_nothing(const scenario& what, int blocks) {
    for (bool again = false;; again = true) {
        const auto live = heap::blocks();
        auto made = played_with(what, blocks);
        if (live + (made.received.capacity() > 15 ? 1 : 0) == heap::blocks()) return made;
        if (!again) continue;
        CHECK(heap::blocks() == live);
        return made;
    }
}

TEST_CASE("whichever block of memory is refused, only the connection that wanted it is lost") {
    if (!heap::is_watched()) return;
    for (const auto& what : scenarios()) {
        CAPTURE(what.name);
        const auto right = meaning(played_with(what, -1).received);
        bool refused = true;
        for (int blocks = 0; refused && blocks < 2000; ++blocks) {
            CAPTURE(blocks);
            const auto outcome = left_nothing(what, blocks);
            refused = outcome.refused;
            const auto got = meaning(outcome.received);
            CAPTURE(got);
            if (outcome.unheard == 0 && !what.depends_on_pace) CHECK(is_right_or_500(got, right));
        }
        CHECK_FALSE(refused);
    }
}
