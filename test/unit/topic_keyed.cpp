// Topics of the newest value for each key.
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using rill::lag_policy;

namespace {

constexpr rill::topic_options latest_only{.keep_events = 5, .policy = lag_policy::latest};

void put(rill::topic& topic, std::string_view key, std::string_view value) {
    topic.publish({.data = value}, {.key = key});
}

std::string all_of(rill::topic& topic, std::string_view id = {}) {
    reader all{topic.subscribe(id, {.start = rill::start::earliest})};
    return all.take();
}

} // namespace

TEST_CASE("a new subscriber gets the newest event of each key, in the order they were published in") {
    rill::topic topic{latest_only};
    put(topic, "a", "a1");
    put(topic, "b", "b1");
    put(topic, "a", "a2");
    put(topic, "c", "c1");
    put(topic, "b", "b2");
    CHECK(all_of(topic) == "a2 c1 b2");
    put(topic, "c", "c2");
    CHECK(all_of(topic) == "a2 b2 c2");
    CHECK(topic.statistics().gaps == 0);
}

TEST_CASE("then it gets what is new, of whatever key") {
    rill::topic topic{latest_only};
    put(topic, "a", "a1");
    put(topic, "a", "a2");
    reader all{topic.subscribe({}, {.start = rill::start::earliest})};
    CHECK(all.take() == "a2");
    put(topic, "a", "a3");
    put(topic, "a", "a4");
    put(topic, "b", "b1");
    CHECK(all.take() == "a3 a4 b1");
}

TEST_CASE("a new subscriber that wants only what is new gets none of them") {
    rill::topic topic{latest_only};
    put(topic, "a", "a1");
    reader fresh{topic.subscribe()};
    CHECK(fresh.take().empty());
    put(topic, "a", "a2");
    CHECK(fresh.take() == "a2");
}

TEST_CASE("keys are kept whatever the log's bounds say") {
    rill::topic topic{latest_only};
    std::string newest;
    for (int n = 0; n < 100; ++n) {
        const auto key = "k" + std::to_string(n);
        put(topic, key, key + "=old");
        put(topic, key, key);
        newest += (n > 0 ? " " : "") + key;
    }
    for (int n = 0; n < 5; ++n) put(topic, "one more", "m" + std::to_string(n));
    CHECK(all_of(topic) == newest + " m4");
}

TEST_CASE("many keys that are kept come whole, however little a connection buffers") {
    rill::topic topic{latest_only};
    const std::string filling(100, '.');
    for (int n = 0; n < 3'000; ++n) put(topic, "k" + std::to_string(n), std::to_string(n) + filling);
    for (int n = 0; n < 5; ++n) put(topic, "one more", "m" + std::to_string(n));
    rill::router routes;
    routes
        .get("/relayed",
             [&](rill::request& r) { return topic.subscribe(r, {.start = rill::start::earliest}); })
        .get("/filtered", [&](rill::request& r) {
            const auto all = [](const rill::published_event&) { return true; };
            return topic.subscribe(r, {.filter = all, .start = rill::start::earliest});
        });
    rill::testing::server server{routes, {.limits = {.write_buffer = 4096}}};
    for (const auto* path : {"/relayed", "/filtered"}) {
        CAPTURE(path);
        auto reply = server.get(path);
        const auto& events = drained(reply);
        REQUIRE(events.size() == 3'001);
        for (int n = 0; n < 3'000; ++n)
            CHECK(events[static_cast<std::size_t>(n)].data == std::to_string(n) + filling);
        CHECK(events.back().data == "m4");
    }
    reader all{topic.subscribe({}, {.start = rill::start::earliest})};
    CHECK(all.messages().size() == 3'001);
}

TEST_CASE("with the other policies a key means nothing for the log") {
    for (const auto policy : {lag_policy::disconnect, lag_policy::skip}) {
        rill::topic topic{{.keep_events = 3, .policy = policy}};
        put(topic, "a", "a1");
        put(topic, "b", "b1");
        put(topic, "b", "b2");
        CHECK(all_of(topic) == "a1 b1 b2");
        put(topic, "b", "b3");
        CHECK(all_of(topic) == "b1 b2 b3");
    }
}

TEST_CASE("a client goes on behind its id, event by event, as long as the log reaches back") {
    rill::topic topic{latest_only};
    const auto id = topic.publish({.data = "a1"}, {.key = "a"});
    put(topic, "a", "a2");
    put(topic, "a", "a3");
    put(topic, "b", "b1");
    CHECK(all_of(topic, id) == "a2 a3 b1");
}

TEST_CASE("a client that was away for too long is told so, and gets the newest of each key that it lacks") {
    room s{latest_only};
    std::vector<std::string> ids;
    for (int n = 1; n <= 20; ++n) ids.push_back(s.say(std::to_string(n), {.key = std::to_string(n % 4)}));
    // 17 to 20 are the newest of the four keys; 16 to 20 are the log.
    CHECK(words(s.join(ids[0]).events()) == gap("superseded", 15) + " 17 18 19 20");
    CHECK(words(s.join(ids[13]).events()) == gap("superseded", 2) + " 17 18 19 20");
    CHECK(words(s.join(ids[14]).events()) == "16 17 18 19 20");
    CHECK(words(s.join(ids[18]).events()) == "20");
}

TEST_CASE("the newest of a key that has not changed since a client's id is not sent again") {
    rill::topic topic{latest_only};
    put(topic, "still", "s1");
    const auto id = topic.publish({.data = "a0"}, {.key = "a"});
    for (int n = 1; n <= 9; ++n) put(topic, "a", "a" + std::to_string(n));
    CHECK(all_of(topic, id) == gap("superseded", 8) + " a9");
    CHECK(all_of(topic) == "s1 a9");
}

TEST_CASE("a client from another life gets the gap and the newest of each key") {
    rill::topic before, topic{latest_only};
    const auto old = before.publish({.data = "x"});
    for (int n = 1; n <= 9; ++n) {
        put(topic, "a", "a" + std::to_string(n));
        put(topic, "b", "b" + std::to_string(n));
    }
    CHECK(all_of(topic, old) == gap("unknown_epoch") + " a9 b9");
    CHECK(all_of(topic, "junk") == gap("malformed_id") + " a9 b9");
}

TEST_CASE("a client that is cut off amid the newest of the keys gets the rest of them when it comes back") {
    room s{latest_only};
    for (int n = 0; n < 50; ++n) s.say("v" + std::to_string(n), {.key = std::to_string(n)});
    auto first = s.join({}, "/all");
    REQUIRE(first.events().size() == 50);
    for (std::size_t n = 0; n < 50; ++n) {
        CAPTURE(n);
        auto again = s.join(first.events()[n].last_event_id);
        std::string got;
        for (const auto& m : again.events())
            if (m.type != "gap") got += word(m) + " ";
        std::string rest;
        for (std::size_t i = n + 1; i < 50; ++i) rest += "v" + std::to_string(i) + " ";
        CHECK(got == rest);
    }
}

TEST_CASE("except_from and filter hold for the newest of the keys, too") {
    rill::topic topic{latest_only};
    topic.publish({.data = "a1"}, {.from = 1, .key = "a"});
    topic.publish({.data = "b1"}, {.from = 2, .key = "b"});
    topic.publish({.data = "c1"}, {.from = 1, .key = "c"});
    reader others{topic.subscribe({}, {.except_from = 1, .start = rill::start::earliest})};
    CHECK(others.take() == "b1");
    const auto only_c = [](const rill::published_event& e) { return e.key == "c"; };
    reader some{topic.subscribe({}, {.filter = only_c, .start = rill::start::earliest})};
    CHECK(some.take() == "c1");
}

TEST_CASE("whatever a client reads, whenever it leaves, in the end it knows the newest of each key") {
    room s{latest_only};
    std::map<std::string, std::string> truth, known;
    std::string id;
    std::uint32_t random = 7;
    const auto next = [&](std::uint32_t below) {
        random = random * 1664525 + 1013904223;
        return (random >> 16) % below;
    };
    int said = 0;
    const auto say = [&] {
        const auto key = "k" + std::to_string(next(12));
        const auto value = key + "=" + std::to_string(++said);
        s.say(value, {.key = key});
        truth[key] = value;
    };
    const auto learn = [&](const rill::message& m) {
        id = m.last_event_id;
        if (m.type != "gap") known[m.data.substr(0, m.data.find('='))] = m.data;
    };
    for (int round = 0; round < 300; ++round) {
        auto reply = s.join(id, "/all");
        for (auto n = next(15); n > 0; --n) say();
        const auto& events = reply.events();
        const auto read = events.empty() ? 0 : next(static_cast<std::uint32_t>(events.size()) + 1);
        for (std::size_t n = 0; n < read; ++n) learn(events[n]);
        reply.close();
        for (auto n = next(10); n > 0; --n) say();
    }
    auto rest = s.join(id, "/all");
    for (const auto& m : rest.events()) learn(m);
    CHECK(known == truth);
}
