// What becomes of events and readers where memory runs out.
#include <rill/topic/detail/core.hpp>
#include <rill/topic/topic.hpp>

#include "topic_memory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string>

using rill::detail::cursor;
using rill::detail::topic_core;

namespace {

/// Does `work` again and again, each time with one block more, until there are enough. `check` is told
/// whether it failed. How often it did.
template <typename Work, typename Check>
int until_there_is_enough(Work work, Check check) {
    int failures = 0;
    for (bool failed = true; failed; failures += failed ? 1 : 0) {
        CAPTURE(failures);
        failed = false;
        memory::refuse_after(failures);
        try {
            work();
        } catch (const std::bad_alloc&) {
            failed = true;
        }
        memory::refuse_none();
        check(failed);
    }
    return failures;
}

struct deaf final : cursor::reader {
    void on_news(rill::detail::batch&) noexcept override {}
};

} // namespace

TEST_CASE("wherever memory runs out, an event that could not be published is not in the log") {
    if (!memory::is_watched()) return;
    rill::topic topic{{.keep_events = 2, .policy = rill::lag_policy::latest}};
    for (const auto* key : {"1", "2", "3"}) topic.publish({.data = key}, {.key = key});
    auto published = topic.statistics().published;
    const auto publish = [&] { topic.publish({.data = "and this"}, {.key = "a key that is not short"}); };
    const auto failures = until_there_is_enough(publish, [&](bool failed) {
        if (!failed) ++published;
        CHECK(topic.statistics().published == published);
    });
    CHECK(failures >= 2);
    topic.publish({.data = "the next"});
    CHECK(topic.statistics().events == 5); // the last two, and the newest of the three keys that have left
}

TEST_CASE("a reader that had no memory for its events gets them all the next time") {
    if (!memory::is_watched()) return;
    for (const auto policy : {rill::lag_policy::disconnect, rill::lag_policy::latest}) {
        const auto core = std::make_shared<topic_core>(rill::topic_options{.policy = policy});
        deaf reader;
        cursor looking{core, reader}, taking{core, reader};
        for (auto* const c : {&looking, &taking}) core->open(*c, "", rill::start::earliest);
        for (const auto* data : {"1", "2", "3", "4", "5"})
            core->publish({.data = data}, {.key = "a key that is not short: " + std::string{data}});
        const auto begin = looking.sequence;

        auto taken = topic_core::taken::none;
        topic_core::excerpt seen;
        const auto look = [&] { taken = core->look(looking, 1000, {}, seen); };
        const auto failures = until_there_is_enough(look, [&](bool failed) {
            CHECK(looking.opening == failed);
            CHECK(looking.sequence == (failed ? begin : 5));
        });
        CHECK(failures >= 5);
        CHECK(taken == topic_core::taken::some);
        CHECK(seen.items.size() == 5);
        CHECK(seen.opening);

        taken = topic_core::taken::none;
        rill::detail::batch all;
        const auto take = [&] { taken = core->take(taking, 1000, {}, all); };
        CHECK(until_there_is_enough(take, [&](bool failed) {
                  CHECK(taking.opening == failed);
                  CHECK(taking.sequence == (failed ? begin : 5));
                  CHECK(all.empty() == failed);
              }) >= 1);
        CHECK(taken == topic_core::taken::some);
        std::string text;
        for (const auto& piece : all.pieces()) text += piece.bytes;
        CHECK(std::ranges::count(text, '\n') == 4 + 5 * 3); // the place, and five events with their ids

        for (auto* const c : {&looking, &taking}) core->leave(*c);
    }
}
