// What slow subscribers hold of events that have left the log.
#include <rill/coro/detail/feed.hpp>
#include <rill/topic/topics.hpp>

#include "topic_memory.hpp"
#include "topic_reading.hpp"

#include <asio/io_context.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using rill::lag_policy;
using rill::detail::feed;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// A connection whose client takes nothing: it holds what it was given last.
class stuck final : feed::consumer {
public:
    stuck(rill::subscription from, asio::io_context& context)
        : events_{elements_of(std::move(from))}, context_{context} {
        take(held_);
        held_.clear(); // the checkpoint went out
        events_->source().wait(*this, context_.get_executor());
    }
    stuck(const stuck&) = delete;
    stuck& operator=(const stuck&) = delete;
    ~stuck() = default;

    [[nodiscard]] bool holds() const { return held_.size() > 0; }

    bool ended = false, cut = false;

private:
    void on_news(feed::batch&) override {
        feed::batch news;
        if (!take(news)) return;
        REQUIRE_FALSE(holds()); // it is paused
        held_ = std::move(news);
        events_->source().pause(*this, context_.get_executor());
    }
    bool take(feed::batch& into) {
        const auto state = events_->source().take(64 << 10, into);
        ended = state == feed::state::ended;
        cut = state == feed::state::cut;
        if (cut) {
            held_.clear();
            events_.reset();
        }
        return state == feed::state::some;
    }

    std::optional<rill::elements> events_;
    asio::io_context& context_;
    feed::batch held_;
};

struct stuck_crowd {
    explicit stuck_crowd(const rill::topic_options& options) : topic{options} {}

    void publish(std::size_t bytes = mebibyte) {
        topic.publish({.data = std::string(bytes, 'x')});
        context.restart();
        context.poll();
    }
    void join() { readers.emplace_back(topic.subscribe(), context); }
    [[nodiscard]] std::size_t count(bool stuck::* what) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(readers, [&](const stuck& each) { return each.*what; }));
    }

    asio::io_context context{1};
    rill::topic topic;
    std::deque<stuck> readers;
};

} // namespace

TEST_CASE("what has left the log and is held is counted, until it is let go") {
    stuck_crowd c{{.keep_events = 1, .keep_bytes = 8 * mebibyte, .policy = lag_policy::skip}};
    c.join();
    c.publish();
    CHECK(c.topic.statistics().pinned == 0);
    c.publish();
    const auto pinned = c.topic.statistics().pinned;
    CHECK(pinned >= mebibyte);
    CHECK(pinned < mebibyte + 1'000);
    CHECK(c.topic.statistics().events == 1);
    c.publish();
    CHECK(c.topic.statistics().pinned == pinned);
    c.readers.clear();
    CHECK(c.topic.statistics().pinned == 0);
}

TEST_CASE("a hundred readers that are stuck at an event each hold as much as the log, and no more") {
    for (const auto policy : {lag_policy::disconnect, lag_policy::skip, lag_policy::latest}) {
        CAPTURE(static_cast<int>(policy));
        stuck_crowd c{{.keep_bytes = 4 * mebibyte, .policy = policy}};
        const auto before = memory::bytes();
        std::ptrdiff_t most = 0;
        for (int n = 0; n < 100; ++n) {
            c.join();
            c.publish();
            most = std::max(most, memory::bytes() - before);
            CHECK(c.topic.statistics().pinned <= 6 * mebibyte);
        }
        if (memory::is_watched()) CHECK(most < static_cast<std::ptrdiff_t>(11 * mebibyte));
        CHECK(c.count(&stuck::cut) >= 85);
        CHECK(c.topic.statistics().disconnected >= 85);
        CHECK(c.readers.back().holds());
        CHECK_FALSE(c.readers.back().cut);
    }
}

TEST_CASE("those who hold what is in the log, or have all, are not cut") {
    stuck_crowd c{{.keep_events = 3, .keep_bytes = 4 * mebibyte, .policy = lag_policy::skip}};
    for (int n = 0; n < 20; ++n) c.join();
    c.publish();
    for (int n = 0; n < 20; ++n) c.publish(1'000);
    CHECK(c.count(&stuck::cut) == 0);
    CHECK(c.topic.statistics().pinned >= mebibyte); // one, whoever holds it
}

TEST_CASE("a client that is cut is told of the gap when it comes back") {
    room s{{.keep_bytes = 2 * mebibyte, .policy = lag_policy::skip}};
    auto slow = s.join();
    const auto id = s.say("seen");
    REQUIRE(words(slow.events()) == "seen");
    slow.connection().window(1'000);
    std::vector<rill::testing::reply> others;
    for (int n = 0; n < 12; ++n) {
        s.say(std::string(mebibyte, 'x'));
        others.push_back(s.join());
        others.back().connection().window(1'000);
    }
    CHECK(s.topic.statistics().pinned <= 3 * mebibyte + 100'000);
    CHECK(slow.cut());
    CHECK(slow.connection().was_reset());
    REQUIRE_FALSE(s.web.log.lines.empty());
    CHECK(s.web.log.lines.back().find("too much memory is held for it") != std::string::npos);
    auto again = s.join(id);
    CHECK(again.events().size() > 0);
    CHECK(word(again.events().front()).starts_with("gap{\"reason\":\"lagged\"") +
              word(again.events().front()).starts_with("gap{\"reason\":\"trimmed\"") ==
          1);
}

TEST_CASE("what is held counts for all topics of a registry, and the slowest of all are cut") {
    asio::io_context context{1};
    rill::topics registry{
        {.each = {.keep_bytes = 4 * mebibyte, .policy = lag_policy::skip}, .max_bytes = 16 * mebibyte}};
    std::deque<stuck> readers;
    for (int n = 0; n < 60; ++n) {
        const auto topic = registry.open("t" + std::to_string(n));
        readers.emplace_back(topic->subscribe(), context);
        for (int times = 0; times < 5; ++times) {
            topic->publish({.data = std::string(mebibyte, 'x')});
            context.restart();
            context.poll();
        }
    }
    CHECK(std::ranges::count_if(readers, &stuck::cut) > 40);
    const auto all = registry.statistics();
    CHECK(all.pinned + all.bytes < 20 * mebibyte);
}
