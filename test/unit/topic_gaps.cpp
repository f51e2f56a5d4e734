// Subscribers that are so slow that what they have yet to get leaves the log.
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using rill::lag_policy;

namespace {

/// What a slow client was given: how many events from the first on, then the gap, then what followed.
struct account {
    explicit account(const std::vector<rill::message>& events) {
        for (const auto& m : events) {
            if (m.type == "gap") {
                gaps.push_back(m.data);
                continue;
            }
            auto& part = gaps.empty() ? before : after;
            part.push_back(std::stoi(m.data.substr(0, m.data.find(' '))));
        }
    }
    /// The number that the first gap says.
    [[nodiscard]] int missed() const {
        constexpr std::string_view mark = R"("missed":)";
        const auto at = gaps.at(0).find(mark);
        REQUIRE(at != std::string::npos);
        return std::stoi(gaps[0].substr(at + mark.size()));
    }
    [[nodiscard]] static bool consecutive(const std::vector<int>& numbers) {
        for (std::size_t n = 1; n < numbers.size(); ++n)
            if (numbers[n] != numbers[n - 1] + 1) return false;
        return true;
    }

    std::vector<std::string> gaps;
    std::vector<int> before, after;
};

constexpr int many = 1000;
const std::string filling(200, '.');

/// `from` to `to`, each with some bytes that fill buffers.
void flood(room& s, int from, int to) {
    for (int n = from; n <= to; ++n) s.say(fmt::format("{} {}", n, filling));
}

rill::server_options small_buffers() {
    return {.limits = {.write_buffer = 4096}};
}

} // namespace

TEST_CASE("a slow client's stream ends, and it is told of the gap when it comes back") {
    room s{{.keep_events = 10}, small_buffers()};
    auto slow = s.join(), quick = s.join();
    slow.connection().window(1000);
    flood(s, 1, many);
    slow.connection().window(100'000);
    const account first{drained(slow)};
    CHECK(s.topic.statistics().subscribers == 1);
    CHECK(s.topic.statistics().disconnected == 1);
    CHECK(first.gaps.empty());
    REQUIRE_FALSE(first.before.empty());
    CHECK(first.before.front() == 1);
    CHECK(account::consecutive(first.before));
    CHECK(first.before.back() < many - 10);
    CHECK(slow.complete());
    CHECK_FALSE(slow.cut());

    auto again = s.join(slow.events().back().last_event_id);
    const account second{again.events()};
    REQUIRE(second.gaps.size() == 1);
    CHECK(again.events().front().data ==
          fmt::format(R"({{"reason":"trimmed","missed":{}}})", many - 10 - first.before.back()));
    CHECK(second.after.size() == 10);
    CHECK(second.after.back() == many);

    const account other{quick.events()};
    CHECK(other.gaps.empty());
    CHECK(other.before.size() == many);
    CHECK(account::consecutive(other.before));
}

TEST_CASE("a slow client that may skip is told of one gap, with its size, and goes on live") {
    room s{{.keep_events = 10, .policy = lag_policy::skip}, small_buffers()};
    auto slow = s.join(), quick = s.join();
    slow.connection().window(1000);
    flood(s, 1, many);
    CHECK(s.topic.statistics().subscribers == 2);
    slow.connection().window(100'000);
    static_cast<void>(drained(slow));
    flood(s, many + 1, many + 5);
    const account got{slow.events()};
    REQUIRE(got.gaps.size() == 1);
    CHECK(got.gaps[0].starts_with(R"({"reason":"lagged",)"));
    CHECK(got.before.front() == 1);
    CHECK(account::consecutive(got.before));
    CHECK(account::consecutive(got.after));
    CHECK(got.before.back() + got.missed() + 1 == got.after.front());
    CHECK(got.after.size() == 15);
    CHECK(got.after.back() == many + 5);
    CHECK_FALSE(slow.complete());
    CHECK_FALSE(slow.cut());
    CHECK(account{quick.events()}.gaps.empty());
    const auto statistics = s.topic.statistics();
    CHECK(statistics.gaps == 1);
    CHECK(statistics.disconnected == 0);
    CHECK(statistics.dropped == static_cast<std::uint64_t>(got.missed()));
}

TEST_CASE("each time that a slow client lags is one gap of its own") {
    room s{{.keep_events = 10, .policy = lag_policy::skip}, small_buffers()};
    auto slow = s.join();
    int said = 0;
    for (int round = 1; round <= 3; ++round) {
        slow.connection().window(100);
        flood(s, said + 1, said + 200);
        said += 200;
        slow.connection().window(100'000);
        const auto& events = drained(slow);
        CHECK(account{events}.gaps.size() == static_cast<std::size_t>(round));
    }
    CHECK(s.topic.statistics().gaps == 3);
    // All there was is accounted for: each event came, or was counted in a gap.
    std::uint64_t missed = 0, came = 0;
    for (const auto& m : slow.events()) {
        constexpr std::string_view mark = R"("missed":)";
        if (m.type == "gap")
            missed += std::stoull(m.data.substr(m.data.find(mark) + mark.size()));
        else
            ++came;
    }
    CHECK(missed + came == static_cast<std::uint64_t>(said));
    CHECK(s.topic.statistics().dropped == missed);
    CHECK(s.topic.statistics().delivered == came);
}

TEST_CASE("who is cut off right behind a gap, or skips on another connection, is not told twice") {
    room s{{.keep_events = 10, .policy = lag_policy::skip}, small_buffers()};
    auto slow = s.join();
    slow.connection().window(1000);
    flood(s, 1, many);
    slow.connection().window(100'000);
    std::string at_gap;
    for (const auto& m : drained(slow))
        if (m.type == "gap") at_gap = m.last_event_id;
    REQUIRE_FALSE(at_gap.empty());
    auto again = s.join(at_gap);
    const account got{again.events()};
    CHECK(got.gaps.empty());
    CHECK(got.before.size() == 10);
    CHECK(got.before.back() == many);
}

TEST_CASE("with latest, a slow client is told of one gap and gets the newest event of each key") {
    room s{{.keep_events = 10, .policy = lag_policy::latest}, small_buffers()};
    auto slow = s.join();
    slow.connection().window(1000);
    for (int n = 1; n <= many; ++n) s.say(fmt::format("{} {}", n, filling), {.key = std::to_string(n % 25)});
    slow.connection().window(100'000);
    static_cast<void>(drained(slow));
    flood(s, many + 1, many + 3);
    const account got{slow.events()};
    REQUIRE(got.gaps.size() == 1);
    CHECK(got.gaps[0].starts_with(R"({"reason":"superseded",)"));
    CHECK(account::consecutive(got.before));
    // The 25 newest are those of the 25 keys.
    REQUIRE(got.after.size() == 28);
    CHECK(got.after.front() == many - 24);
    CHECK(account::consecutive(got.after));
    CHECK(got.before.back() + got.missed() + 1 == got.after.front());
    CHECK(s.topic.statistics().dropped == static_cast<std::uint64_t>(got.missed()));
}

TEST_CASE("a reader that is busy with something else falls off the log as a slow client does") {
    const auto run = [](lag_policy policy) {
        rill::topic topic{{.keep_events = 5, .policy = policy}};
        auto busy = topic.subscribe();
        topic.publish({.data = "0"});
        CHECK(due_to(busy) == "0");
        for (int n = 1; n <= 20; ++n)
            topic.publish({.data = std::to_string(n)}, {.key = n % 2 == 0 ? "even" : "odd"});
        auto got = due_to(busy);
        const auto s = topic.statistics();
        CHECK(s.disconnected == (policy == lag_policy::disconnect ? 1 : 0));
        CHECK(s.gaps == (policy == lag_policy::disconnect ? 0 : 1));
        return got;
    };
    CHECK(run(lag_policy::disconnect) == "end");
    CHECK(run(lag_policy::skip) == gap("lagged", 15) + " 16 17 18 19 20");
    CHECK(run(lag_policy::latest) == gap("superseded", 18) + " 19 20");
}

TEST_CASE("a reader that fell off stays at its end, and is counted once") {
    rill::topic topic{{.keep_events = 5}};
    auto busy = topic.subscribe();
    topic.publish({.data = "0"});
    CHECK(due_to(busy) == "0");
    for (int n = 1; n <= 20; ++n) topic.publish({.data = std::to_string(n)});
    CHECK(due_to(busy, 3) == "end end end");
    topic.publish({.data = "21"});
    CHECK(due_to(busy) == "end");
    CHECK(topic.statistics().disconnected == 1);
}

TEST_CASE("a reader that waits is not pushed off the log by what comes before its event loop has its turn") {
    for (const auto policy : {lag_policy::disconnect, lag_policy::skip, lag_policy::latest}) {
        rill::topic topic{{.keep_events = 5, .policy = policy}};
        reader waits{topic.subscribe()};
        CHECK(waits.take().empty());
        for (int n = 1; n <= 100; ++n) topic.publish({.data = std::to_string(n)});
        CHECK(waits.take() == numbers(1, 100));
        CHECK(topic.statistics().gaps == 0);
        waits.run();
        CHECK(topic.statistics().events == 5);
    }
}

TEST_CASE("but the log is never larger for that than keep_bytes") {
    rill::topic topic{{.keep_events = 5, .keep_bytes = 10'000, .policy = lag_policy::skip}};
    reader waits{topic.subscribe()};
    CHECK(waits.take().empty());
    for (int n = 1; n <= 1000; ++n) {
        topic.publish({.data = fmt::format("{} {}", n, filling)});
        REQUIRE(topic.statistics().bytes <= 10'000);
    }
    const account got{waits.messages()};
    REQUIRE(got.gaps.size() == 1);
    CHECK(got.before.empty());
    CHECK(account::consecutive(got.after));
    CHECK(got.after.back() == 1000);
    CHECK(got.missed() + static_cast<int>(got.after.size()) == 1000);
}

TEST_CASE("a subscription that nobody began to read is told of the gap as if it came just now") {
    rill::topic topic{{.keep_events = 5}};
    auto idle = topic.subscribe();
    for (int n = 1; n <= 5; ++n) topic.publish({.data = std::to_string(n)});
    auto at_the_edge = topic.subscribe();
    topic.publish({.data = "6"});
    CHECK(due_to(idle) == gap("trimmed", 1) + " 2 3 4 5 6");
    CHECK(due_to(at_the_edge) == "6");
    CHECK(topic.statistics().disconnected == 0);
}

TEST_CASE("to stand at the edge of the log is not to fall off it") {
    for (const auto policy : {lag_policy::disconnect, lag_policy::skip, lag_policy::latest}) {
        rill::topic topic{{.keep_events = 5, .policy = policy}};
        reader edge{topic.subscribe()};
        CHECK(edge.take().empty());
        for (int round = 0; round < 10; ++round) {
            for (int n = 1; n <= 5; ++n) topic.publish({.data = std::to_string(n)});
            CHECK(edge.take() == "1 2 3 4 5");
        }
        CHECK(topic.statistics().gaps == 0);
        CHECK(topic.statistics().dropped == 0);
    }
}

TEST_CASE("events that a slow client does not want are counted in its gap: nobody looks at what has left") {
    const auto even = [](const rill::published_event& e) { return (e.event.data.back() - '0') % 2 == 0; };
    rill::topic topic{{.keep_events = 4, .policy = lag_policy::skip}};
    auto busy = topic.subscribe({}, {.filter = even});
    topic.publish({.data = "0"});
    CHECK(due_to(busy) == "0");
    for (int n = 1; n <= 10; ++n) topic.publish({.data = std::to_string(n)});
    CHECK(due_to(busy) == gap("lagged", 6) + " 8 10");
}

TEST_CASE("a client that reads nothing at all is cut after the write timeout, whatever the policy") {
    for (const auto policy : {lag_policy::disconnect, lag_policy::skip, lag_policy::latest}) {
        room s{{.keep_events = 10, .policy = policy},
               {.limits = {.write_buffer = 4096, .write_timeout = 2s}}};
        auto slow = s.join();
        slow.connection().window(1000);
        flood(s, 1, 100);
        s.web.server().advance(1s);
        CHECK(s.web.server().connections() == 1);
        s.web.server().advance(2s);
        CHECK(s.web.server().connections() == 0);
        CHECK(slow.cut());
        CHECK(s.topic.statistics().subscribers == 0);
    }
}

TEST_CASE("a closed topic keeps what its slow clients lack until they have it") {
    room s{{.keep_events = 1000}, small_buffers()};
    auto slow = s.join();
    slow.connection().window(1000);
    flood(s, 1, 500);
    s.topic.close();
    s.web.server().run();
    CHECK_FALSE(slow.complete());
    slow.connection().window(10'000);
    const account got{drained(slow)};
    CHECK(got.gaps.empty());
    CHECK(got.before.size() == 500);
    CHECK(account::consecutive(got.before));
    CHECK(slow.complete());
}
