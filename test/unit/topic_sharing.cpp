// What subscribers share where each of them gets bytes of its own.
#include <rill/coro/detail/feed.hpp>
#include <rill/sse/decode.hpp>

#include "topic_memory.hpp"
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <string>
#include <string_view>
#include <vector>

using rill::topic;
using rill::detail::feed;

namespace {

const std::string large(1 << 20, 'x');

/// What was taken, and how.
struct taken {
    feed::batch batch;

    explicit taken(const rill::elements& from, std::size_t bytes = 64 << 10) {
        while (true) {
            REQUIRE(from.source().take(bytes, batch) == feed::state::some);
            if (batch.size() > 200 || !text().starts_with("id: ") || text().find("data") != std::string::npos)
                break; // not the checkpoint
        }
    }
    [[nodiscard]] std::string text() const {
        std::string all;
        for (const auto& piece : batch.pieces()) all += piece.bytes;
        return all;
    }
    [[nodiscard]] std::vector<rill::message> messages() const {
        rill::decoder decoder{{.line = std::size_t{9} << 20, .event = std::size_t{9} << 20}};
        std::vector<rill::message> all;
        const auto bytes = text();
        for (std::string_view left = bytes; !left.empty();)
            if (decoder.next(left) == rill::decoded::message && decoder.current().type != "checkpoint")
                all.push_back(decoder.current());
        return all;
    }
};

/// Bytes that one more subscriber takes while it holds what it was given.
std::ptrdiff_t bytes_each(std::deque<rill::elements>& subscribers) {
    std::vector<taken> held;
    held.reserve(subscribers.size());
    held.emplace_back(subscribers.front());
    const auto before = memory::bytes();
    for (std::size_t n = 1; n < subscribers.size(); ++n) held.emplace_back(subscribers[n]);
    for (const auto& each : held) {
        CHECK(each.batch.size() > large.size());
        CHECK(each.text().find(large) != std::string::npos);
    }
    return (memory::bytes() - before) / static_cast<std::ptrdiff_t>(subscribers.size() - 1);
}

} // namespace

TEST_CASE("a large event to many subscribers of two topics is one in memory" *
          doctest::skip(!memory::is_watched())) {
    topic a, b;
    std::deque<rill::elements> subscribers;
    for (int n = 0; n < 200; ++n) subscribers.push_back(elements_of(rill::subscribe(std::vector{&a, &b})));
    a.publish({.data = large});
    CHECK(bytes_each(subscribers) < 2'000);
}

TEST_CASE("a large event to many subscribers with a filter is one in memory" *
          doctest::skip(!memory::is_watched())) {
    topic a;
    std::deque<rill::elements> subscribers;
    const auto all = [](const rill::published_event& e) { return e.event.data.size() > 1; };
    for (int n = 0; n < 200; ++n) subscribers.push_back(elements_of(a.subscribe("", {.filter = all})));
    a.publish({.data = large});
    CHECK(bytes_each(subscribers) < 2'000);
}

TEST_CASE("large events of each key to many subscribers are one in memory" *
          doctest::skip(!memory::is_watched())) {
    topic a{{.keep_events = 1, .policy = rill::lag_policy::latest}};
    a.publish({.data = large}, {.key = "1"});
    a.publish({.data = "small"}, {.key = "2"});
    std::deque<rill::elements> subscribers;
    for (int n = 0; n < 200; ++n)
        subscribers.push_back(elements_of(a.subscribe("", {.start = rill::start::earliest})));
    CHECK(bytes_each(subscribers) < 2'000);
}

TEST_CASE("large and small events of several topics come out whole, in order, with ids of their own") {
    topic a{{.keep_bytes = 8 << 20}}, b;
    const auto from = elements_of(rill::subscribe(std::vector{&a, &b}));
    std::vector<std::string> sizes;
    for (int n = 0; n < 100; ++n) {
        const auto size = static_cast<std::size_t>(n % 3 == 0 ? 10 : 16'000 + n * 50);
        a.publish({.id = n % 5 == 0 ? std::string_view{} : std::string_view{"own" + std::to_string(n)},
                   .name = n % 2 == 0 ? "even" : "",
                   .data = std::to_string(n) + std::string(size, 'x'),
                   .comment = n % 4 == 0 ? std::string_view{"said"} : std::string_view{}});
    }
    std::vector<rill::message> got;
    feed::batch batch;
    while (got.size() < 100) {
        const taken part{from, 200'000};
        CHECK(part.batch.pieces().size() <= feed::batch::most);
        for (auto& m : part.messages()) got.push_back(std::move(m));
    }
    REQUIRE(got.size() == 100);
    for (int n = 0; n < 100; ++n) {
        const auto& m = got[static_cast<std::size_t>(n)];
        CAPTURE(n);
        CHECK(m.type == (n % 2 == 0 ? "even" : "message"));
        CHECK(m.data.substr(0, m.data.find('x')) == std::to_string(n));
        CHECK(m.data.size() - m.data.find('x') ==
              static_cast<std::size_t>(n % 3 == 0 ? 10 : 16'000 + n * 50));
        const place here{m.last_event_id.substr(0, m.last_event_id.find(','))};
        CHECK(here.sequence == static_cast<std::uint64_t>(n + 1));
    }
    CHECK(a.statistics().delivered == 100);
}

TEST_CASE("a filter sees large events whole, and what it leaves out does not come") {
    topic a{{.keep_bytes = 8 << 20}};
    const auto odd = [](const rill::published_event& e) { return (e.event.data.size() & 1U) != 0; };
    const auto from = elements_of(a.subscribe("", {.filter = odd}));
    for (std::size_t n = 0; n < 60; ++n) a.publish({.data = std::string(20'000 + n, 'x')});
    std::size_t next = 20'001;
    while (next < 20'060)
        for (const auto& m : taken{from, 300'000}.messages()) {
            CHECK(m.data.size() == next);
            next += 2;
        }
    feed::batch batch;
    CHECK(from.source().take(300'000, batch) == feed::state::none);
}
