// Topics by name.
#include <rill/topic/topics.hpp>

#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using rill::topic_errc;
using rill::topics;

namespace {

std::string names(const topics& registry) {
    std::string all;
    for (const auto& entry : registry.list()) all += (all.empty() ? "" : " ") + entry.name;
    return all;
}

constexpr rill::topics_options ageing{.each = {.keep_age = 2ms}, .max_topics = 3};

/// Waits until the events of all topics have left their logs; the registry has no clock that a test can move.
void let_age(const topics& registry) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (registry.statistics().events > 0 && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(5ms);
}

} // namespace

TEST_CASE("a topic is made when it is first asked for, and is the same from then on") {
    topics registry;
    CHECK(registry.find("a") == nullptr);
    const auto a = registry.open("a");
    REQUIRE(a != nullptr);
    CHECK(registry.open("a") == a);
    CHECK(registry.find("a") == a);
    CHECK(registry.open("b") != a);
    CHECK(registry.find("A") == nullptr);
    const auto epoch = place{a->publish({.data = "x"})}.epoch;
    CHECK(place{registry.open("b")->publish({.data = "x"})}.epoch != epoch);
}

TEST_CASE("topics are made with the options of the registry") {
    topics registry{{.each = {.keep_events = 2, .max_subscribers = 1}}};
    const auto a = registry.open("a");
    for (int n = 1; n <= 5; ++n) a->publish({.data = std::to_string(n)});
    reader all{a->subscribe({}, {.start = rill::start::earliest})};
    CHECK(all.take() == "4 5");
    CHECK(refusal_of([&] { static_cast<void>(a->subscribe()); }) == topic_errc::too_many_subscribers);
}

TEST_CASE("options that no topic can have, or no topic at all, are refused at once") {
    CHECK_THROWS_AS(topics{{.each = {.keep_events = 0}}}, std::invalid_argument);
    CHECK_THROWS_AS(topics{{.max_topics = 0}}, std::invalid_argument);
}

TEST_CASE("a name is UTF-8 of 1 to 128 bytes") {
    topics registry;
    for (const auto& name :
         {std::string{"x"}, std::string(128, 'x'), std::string{"\xC3\xBC/ \n"}, std::string{"a\0b", 3}})
        CHECK(registry.open(name) != nullptr);
    CHECK(registry.open(std::string{"a\0b", 3}) != registry.open("a"));
    const auto size = registry.list().size();
    for (const auto& name :
         {std::string{}, std::string(129, 'x'), std::string{"\xFF"}, std::string{"a\xC3"}}) {
        CAPTURE(name);
        CHECK(refusal_of([&] { static_cast<void>(registry.open(name)); }) == topic_errc::name_not_allowed);
        CHECK(registry.find(name) == nullptr);
    }
    CHECK(registry.list().size() == size);
}

TEST_CASE("the list is by name, with the statistics of each") {
    topics registry;
    for (const auto* name : {"b", "a", "c", "aa", "B"}) static_cast<void>(registry.open(name));
    registry.open("a")->publish({.data = "x"});
    const auto seat = registry.open("b")->subscribe();
    CHECK(names(registry) == "B a aa b c");
    const auto list = registry.list();
    CHECK(list[1].statistics.published == 1);
    CHECK(list[1].statistics.events == 1);
    CHECK(list[3].statistics.subscribers == 1);
    CHECK(list[4].statistics.published == 0);
}

TEST_CASE("a topic with events, subscribers or holders is not dropped, however many there are") {
    topics registry{{.each = {.keep_events = 5}, .max_topics = 3}};
    registry.open("events")->publish({.data = "x"});
    auto seat = std::optional{registry.open("seat")->subscribe()};
    auto held = registry.open("held");
    for (int n = 0; n < 100; ++n) static_cast<void>(registry.open("new" + std::to_string(n)));
    CHECK(registry.find("events") != nullptr);
    CHECK(registry.find("held") == held);
    CHECK(registry.find("seat") != nullptr);
    CHECK(registry.list().size() < 6);
    SUBCASE("until its subscriber leaves") {
        seat.reset();
        for (int n = 0; n < 10; ++n) static_cast<void>(registry.open("more" + std::to_string(n)));
        CHECK(registry.find("seat") == nullptr);
    }
    SUBCASE("until nobody holds it") {
        held.reset();
        for (int n = 0; n < 10; ++n) static_cast<void>(registry.open("more" + std::to_string(n)));
        CHECK(registry.find("held") == nullptr);
    }
    CHECK(registry.find("events") != nullptr);
}

TEST_CASE("topics without events do not count, however many there are and whoever follows them") {
    topics registry{{.max_topics = 3}};
    std::vector<rill::subscription> seats;
    for (int n = 0; n < 1'000; ++n)
        seats.push_back(registry.open("followed" + std::to_string(n))->subscribe());
    for (const auto* name : {"a", "b", "followed7"}) registry.open(name)->publish({.data = "x"});
    CHECK(refusal_of([&] { registry.open("c")->publish({.data = "x"}); }) == topic_errc::too_many_topics);
    CHECK(refusal_of([&] { registry.open("followed8")->publish({.data = "x"}); }) ==
          topic_errc::too_many_topics);
    registry.open("a")->publish({.data = "y"}); // those that have some can be published to
    CHECK(registry.statistics().published == 4);
}

TEST_CASE("an event that is refused does not make its topic count") {
    topics registry{{.each = {.keep_bytes = 1'000}, .max_topics = 1}};
    for (const auto* name : {"a", "b", "c"})
        CHECK(refusal_of([&] { registry.open(name)->publish({.data = std::string(2'000, 'x')}); }) ==
              topic_errc::event_too_large);
    registry.open("d")->publish({.data = "x"});
}

TEST_CASE("a topic counts until its events are too old, and nobody need look through all of them") {
    topics registry{{.each = {.keep_age = 20ms}, .max_topics = 1'000}};
    for (int n = 0; n < 1'000; ++n) registry.open(std::to_string(n))->publish({.data = "x"});
    std::this_thread::sleep_for(50ms);
    for (int n = 1'000; n < 2'000; ++n) registry.open(std::to_string(n))->publish({.data = "x"});
    CHECK(registry.list().size() <= 1'100);
}

TEST_CASE("a topic whose events are dropped, or that goes, counts no more") {
    topics registry{{.each = {.keep_age = 2ms}, .max_topics = 1}};
    for (int n = 0; n < 20; ++n) {
        registry.open(std::to_string(n))->publish({.data = "x"});
        std::this_thread::sleep_for(4ms);
    }
    CHECK(registry.statistics().published == 20);
}

TEST_CASE("a client that comes back to a topic without events finds it as it was") {
    topics registry{{.max_topics = 10}};
    std::string id;
    {
        const auto a = registry.open("a");
        id = a->publish({.data = "x"});
    }
    for (int n = 0; n < 8; ++n) static_cast<void>(registry.open(std::to_string(n)));
    registry.open("a")->publish({.data = "y"});
    reader again{registry.open("a")->subscribe(id)};
    CHECK(again.take() == "y");
}

TEST_CASE("of those that may go, the one unused for longest goes where there are too many") {
    topics registry{{.max_topics = 3}};
    for (const auto* name : {"a", "b", "c"}) static_cast<void>(registry.open(name));
    static_cast<void>(registry.open("a")); // used
    static_cast<void>(registry.open("d"));
    CHECK(names(registry) == "a c d");
    static_cast<void>(registry.open("e"));
    CHECK(names(registry) == "a d e");
}

TEST_CASE("a topic that was unused for as long as it keeps events is dropped") {
    topics registry{ageing};
    registry.open("a")->publish({.data = "x"});
    const auto seat = registry.open("b")->subscribe();
    CHECK(names(registry) == "a b");
    const auto end = std::chrono::steady_clock::now() + 10s; // it takes a second, to be looked through seldom
    while (names(registry) != "b" && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(10ms);
    CHECK(registry.find("a") == nullptr);
    CHECK(registry.find("b") != nullptr);
    CHECK(registry.statistics().published == 1);
}

TEST_CASE("a topic that somebody uses stays, however old it is") {
    topics registry{ageing};
    const auto seat = registry.open("seat")->subscribe();
    const auto held = registry.open("held");
    let_age(registry);
    for (const auto* name : {"x", "y", "z"}) static_cast<void>(registry.open(name)); // one goes for the next
    CHECK(registry.find("held") == held);
    CHECK(registry.find("seat") != nullptr);
    CHECK(names(registry) == "held seat z");
}

TEST_CASE("a topic that is made anew tells clients of the old one") {
    topics registry{ageing};
    const auto id = registry.open("a")->publish({.data = "x"});
    let_age(registry);
    for (const auto* name : {"x", "y", "z"}) static_cast<void>(registry.open(name)); // a goes
    REQUIRE(registry.find("a") == nullptr);
    reader again{registry.open("a")->subscribe(id)};
    CHECK(again.take() == gap("unknown_epoch"));
}

TEST_CASE("a subscription keeps its topic from being dropped") {
    topics registry{ageing};
    auto seat = registry.open("a")->subscribe();
    let_age(registry);
    for (const auto* name : {"x", "y", "z"}) static_cast<void>(registry.open(name));
    registry.open("a")->publish({.data = "hello"});
    reader one{std::move(seat)};
    CHECK(one.take() == "hello");
}

TEST_CASE("the statistics of a registry are those of all its topics, with those that were dropped") {
    topics registry{{.each = {.keep_age = 2ms}, .max_topics = 2}};
    {
        const auto a = registry.open("a"), b = registry.open("b");
        reader one{a->subscribe()}, two{b->subscribe()};
        CHECK(registry.statistics().subscribers == 2);
        a->publish({.data = "1"});
        b->publish({.data = "2"});
        b->publish({.data = "3"});
        static_cast<void>(one.take());
        static_cast<void>(two.take());
    }
    let_age(registry);
    for (const auto* name : {"c", "d"}) static_cast<void>(registry.open(name));
    REQUIRE(names(registry) == "c d");
    const auto all = registry.statistics();
    CHECK(all.subscribers == 0);
    CHECK(all.events == 0);
    CHECK(all.bytes == 0);
    CHECK(all.published == 3);
    CHECK(all.delivered == 3);
}

TEST_CASE("a registry that goes closes its topics, but for those that are held elsewhere") {
    std::optional<topics> registry{std::in_place};
    const auto held = registry->open("held");
    reader one{registry->open("gone")->subscribe()}, two{held->subscribe()};
    registry->open("gone")->publish({.data = "1"});
    registry.reset();
    CHECK(one.take() == "1");
    CHECK(one.over());
    held->publish({.data = "2"});
    CHECK(two.take() == "2");
    CHECK_FALSE(two.over());
}

TEST_CASE("a route opens the topic that its path names") {
    topics rooms{{.each = {.keep_events = 100}, .max_topics = 2}};
    site s;
    s.routes.get("/rooms/{room}",
                 [&](rill::request& r) { return rooms.open(r.param("room"))->subscribe(r); });
    auto a = s.send("GET", "/rooms/a"), also_a = s.send("GET", "/rooms/a"), b = s.send("GET", "/rooms/b");
    rooms.open("a")->publish({.data = "to a"});
    s.server().run();
    CHECK(words(a.events()) == "to a");
    CHECK(words(also_a.events()) == "to a");
    CHECK(b.events().empty());
    b.close();
    auto c = s.send("GET", "/rooms/c"); // in place of b
    CHECK(c.status() == rill::status::ok);
    CHECK(names(rooms) == "a c");
    CHECK(rooms.statistics().subscribers == 3);
}
