// What a log does not take, and that it is then as before.
#include <rill/sse/error.hpp>
#include <rill/topic/error.hpp>

#include "topic_logging.hpp"
#include "topic_memory.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <new>
#include <string>
#include <system_error>
#include <vector>

using namespace std::chrono_literals;
using rill::event;
using rill::publish_options;
using rill::sse_errc;
using rill::topic_errc;

namespace {

/// All that can be seen of a log.
std::vector<std::string> sight_of(logging& log) {
    std::vector<std::string> all;
    for (auto n = log->first(); n <= log->last(); ++n) {
        const auto& e = (*log)[n];
        all.push_back(fmt::format("{} {} {} {}", log.bytes(n), e.superseded_by, e.from,
                                  e.key ? fmt::format("{} {} {}", e.key->name, e.key->newest, e.key->uses)
                                        : std::string{}));
    }
    for (const auto& [number, value] : log->kept())
        all.push_back(fmt::format("{} {} {}", number, value.event.bytes, value.about.key->newest));
    for (const auto* id : {"own", "mine", "old"})
        all.push_back(fmt::format("{} {}", id, log->find(id).value_or(0)));
    all.push_back(fmt::format("{} {} {} {}", log->first(), log->last(), log->bytes(), log->has_own_ids()));
    return all;
}

/// A log with something of everything in it.
struct varied : logging {
    varied() : logging{{.keep_events = 4, .keep_bytes = 2000, .policy = rill::lag_policy::latest}} {
        put("a1", {.from = 1, .key = "a"});
        put("b1", {.from = 1, .key = "b"});
        put_as("old");
        put("x");
        put_as("own", {.key = "c"});
        put("a2", {.key = "a"});
        (*this)->trim(now, 1000);
    }
};

} // namespace

TEST_CASE("an event that is refused leaves the log as it was") {
    varied log;
    const auto before = sight_of(log);
    REQUIRE(before.size() > 5);
    const auto refused = [&](const event& e, const publish_options& options = {}) {
        const auto code = refusal_of([&] { log.append(e, options); });
        CHECK(sight_of(log) == before);
        return code;
    };
    CHECK(refused({}) == sse_errc::empty_event);
    CHECK(refused({}, {.from = 1, .key = "a"}) == sse_errc::empty_event);
    CHECK(refused({.data = "\xFF"}, {.key = "a"}) == sse_errc::invalid_utf8);
    CHECK(refused({.id = "\xFF", .data = "x"}) == sse_errc::invalid_utf8);
    CHECK(refused({.name = "a\nb"}, {.key = "a"}) == sse_errc::line_end_in_name);
    CHECK(refused({.comment = "a\rb"}) == sse_errc::line_end_in_comment);
    CHECK(refused({.id = "a\nb", .data = "x"}) == sse_errc::line_end_in_id);
    CHECK(refused({.id = {"a\0b", 3}, .data = "x"}) == sse_errc::nul_in_id);
    CHECK(refused({.id = "a\x1F", .data = "x"}) == sse_errc::control_in_id);
    CHECK(refused({.data = "x", .retry = -1ms}) == sse_errc::negative_retry);
    for (const auto* name : {"checkpoint", "gap", "refused"})
        CHECK(refused({.name = name, .data = "x"}) == topic_errc::name_reserved);
    CHECK(refused({.name = std::string(257, 'n'), .data = "x"}) == topic_errc::event_name_too_long);
    for (const auto retry : {0ms, 99ms, 600'001ms, std::chrono::milliseconds::max()})
        CHECK(refused({.data = "x", .retry = retry}) == topic_errc::retry_not_allowed);
    CHECK(refused({.data = std::string(2000, 'x')}, {.key = "a"}) == topic_errc::event_too_large);
    CHECK(refused({.id = "own", .data = "x"}, {.key = "a"}) == topic_errc::id_repeats);
    CHECK(refused({.id = "mine", .data = "x"}, {.key = "\xC3"}) == topic_errc::key_not_allowed);
    CHECK(refused({.data = "x"}, {.key = std::string(257, 'k')}) == topic_errc::key_not_allowed);
    CHECK(refused({.data = "x"}, {.key = "\xED\xA0\x80"}) == topic_errc::key_not_allowed);
    CHECK(log.put_as("mine", {.key = "b"}) == "mine");
    CHECK(log->find("mine") == log->last());
    CHECK(log->last() == 7);
}

TEST_CASE("ids that clients could not send back, or that the log gives itself, are refused") {
    logging log;
    std::string ours;
    rill::detail::append(ours, {log->epoch(), 17});
    for (const auto& bad : {std::string{""}, std::string{" "}, std::string{" a"}, std::string{"a "},
                            std::string{"a,b"}, std::string{","}, std::string(257, 'x'), ours}) {
        CAPTURE(bad);
        CHECK(refusal_of([&] { log.put_as(bad); }) == topic_errc::id_not_allowed);
        CHECK_FALSE(log->has_own_ids());
    }
    for (const auto* bad : {"\ta", "a\t", "a\tb", "a\x7F", "\x01", "a\x1F"}) {
        CAPTURE(bad);
        CHECK(refusal_of([&] { log.put_as(bad); }) == sse_errc::control_in_id);
        CHECK_FALSE(log->has_own_ids());
    }
    for (const auto& good : {std::string{"a b"}, std::string{"\xC3\xBC"}, std::string{"00c0ffee1234-17"},
                             ours + "x", "x" + ours, ours.substr(0, 12), ours.substr(0, 13),
                             std::string(256, 'x'), std::string{"0"}, std::string{"-"}}) {
        CAPTURE(good);
        CHECK(log.put_as(good) == good);
        CHECK(log->find(good) == log->last());
    }
}

TEST_CASE("a log that has refused its first own id has none") {
    logging log;
    CHECK(refusal_of([&] { log.put_as("own", {.key = "\xFF"}); }) == topic_errc::key_not_allowed);
    CHECK_FALSE(log->has_own_ids());
    CHECK_FALSE(log->find("own"));
}

TEST_CASE("what only a comment, a time to wait or a name is can be appended, and what is empty") {
    logging log;
    for (const auto& e : {event{.comment = ""}, event{.comment = "c"}, event{.retry = 100ms},
                          event{.name = "n"}, event{.data = ""}})
        CHECK_NOTHROW(log.append(e, {}));
    CHECK(log->size() == 5);
    for (std::uint64_t n = 1; n <= 5; ++n) CHECK(log.bytes(n).substr((*log)[n].id_at).starts_with("id: "));
}

TEST_CASE("wherever memory runs out while an event is appended, the log is as before") {
    if (!memory::is_watched()) return;
    const std::string large(400, 'x'), new_key(40, 'k'), new_id(40, 'i');
    const auto run = [&](const event& e, const publish_options& options) {
        for (int blocks = 0; blocks < 100; ++blocks) {
            varied log;
            for (int n = 0; n < 4; ++n) log.put(large); // there is no room left, of any kind
            const auto before = sight_of(log);
            bool failed = false;
            memory::refuse_after(blocks);
            try {
                log.append(e, options);
            } catch (const std::bad_alloc&) {
                failed = true;
            }
            memory::refuse_none();
            if (!failed) return blocks;
            CHECK(sight_of(log) == before);
            CHECK_NOTHROW(log.append(e, options));
        }
        return -1;
    };
    CHECK(run({.data = large}, {}) > 1);
    CHECK(run({.data = large}, {.key = "a"}) > 1);
    CHECK(run({.data = large}, {.key = new_key}) > 3);
    CHECK(run({.id = new_id, .data = large}, {.key = new_key}) > 4);
}

TEST_CASE("wherever memory runs out while events leave the log, none is lost, and they leave the next time") {
    if (!memory::is_watched()) return;
    int failures = 0;
    for (bool failed = true; failed;) {
        logging log{{.keep_events = 2, .policy = rill::lag_policy::latest}};
        for (const auto* name : {"1", "2", "3", "4", "5", "6"}) log.put(name, {.key = name});
        const auto bytes = log->bytes();
        failed = false;
        memory::refuse_after(failures);
        try {
            log->trim(log.now, nobody);
        } catch (const std::bad_alloc&) {
            failed = true;
        }
        memory::refuse_none();
        CAPTURE(failures);
        if (failed) {
            ++failures;
            const auto kept = log.kept(); // the events that left before memory ran out
            CHECK((kept.empty() ? log.all() : kept + ' ' + log.all()) == "1 2 3 4 5 6");
            CHECK(log->bytes() == bytes);
            log->trim(log.now, nobody);
        }
        CHECK(log.kept() == "1 2 3 4");
        CHECK(log.all() == "5 6");
        CHECK(log->bytes() == bytes);
    }
    CHECK(failures >= 8); // a copy and a place in the map for each of the four
}
