// Several threads that publish to one topic, large events beside small ones.
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

constexpr int threads = 8, each = 150;

/// Large enough for a slab, for a block that is copied, and for one of its own.
std::size_t size_of(int n) {
    return n % 10 == 0 ? 200'000 : n % 3 == 0 ? 9'000 : 10;
}

/// Eight threads publish `<thread> <number> xxx`; gives the id of each by that.
std::map<std::string, std::string> publish(rill::topic& topic) {
    std::vector<std::map<std::string, std::string>> ids(threads);
    {
        std::vector<std::jthread> all;
        for (int t = 0; t < threads; ++t)
            all.emplace_back([&, t] {
                for (int n = 0; n < each; ++n) {
                    const auto name = std::to_string(t) + ' ' + std::to_string(n);
                    const auto text = name + ' ' + std::string(size_of(n), 'x');
                    const std::string comment(n % 50 == 0 ? 100'000U : 1U, 'c');
                    ids[static_cast<std::size_t>(t)][name] =
                        n % 2 == 0 ? topic.publish({.data = text})
                                   : topic.publish({.data = text, .comment = comment});
                }
            });
    }
    for (std::size_t t = 1; t < ids.size(); ++t) ids[0].merge(ids[t]);
    return std::move(ids[0]);
}

} // namespace

TEST_CASE("each event of several threads comes once, whole, with its id, and in the order of the ids") {
    rill::topic topic{{.keep_events = threads * each, .keep_bytes = std::size_t{1} << 30}};
    reader all{topic.subscribe()};
    const auto ids = publish(topic);
    REQUIRE(ids.size() == threads * each);
    topic.close();
    std::uint64_t last = 0;
    std::map<char, int> next;
    for (const auto& m : all.messages()) {
        const place at{m.last_event_id};
        REQUIRE(at.sequence == ++last);
        const auto name = m.data.substr(0, m.data.rfind(' '));
        const auto number = std::stoi(name.substr(2));
        REQUIRE(next[name[0]]++ == number);
        REQUIRE(ids.at(name) == m.last_event_id);
        REQUIRE(m.data == name + ' ' + std::string(size_of(number), 'x'));
    }
    CHECK(last == threads * each);
    CHECK(all.over());
}

TEST_CASE("several threads publish while others look, read and drop what is old") {
    rill::topic topic{{.keep_events = 20, .keep_bytes = 1'000'000, .policy = rill::lag_policy::skip}};
    std::atomic<bool> over = false;
    std::jthread looking{[&] {
        while (!over) CHECK(topic.statistics().bytes <= 1'000'000);
    }};
    std::jthread reading{[&] {
        while (!over) {
            reader some{topic.subscribe({}, {.start = rill::start::earliest})};
            for (int n = 0; n < 3; ++n) CHECK_FALSE(some.over());
        }
    }};
    publish(topic);
    over = true;
    looking.join();
    reading.join();
    CHECK(topic.statistics().published == threads * each);
    CHECK(topic.statistics().pinned == 0);
}
