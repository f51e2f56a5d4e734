// What subscribers do not want.
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using rill::published_event;

namespace {

bool even(const published_event& e) {
    return (e.event.data.back() - '0') % 2 == 0;
}

} // namespace

TEST_CASE("a subscriber does not get back what it published itself, and gets all else") {
    rill::topic topic;
    reader one{topic.subscribe({}, {.except_from = 1})}, two{topic.subscribe({}, {.except_from = 2})},
        all{topic.subscribe()};
    topic.publish({.data = "a"}, {.from = 1});
    topic.publish({.data = "b"}, {.from = 2});
    topic.publish({.data = "c"}, {.from = 0});
    topic.publish({.data = "d"});
    CHECK(one.take() == "b c d");
    CHECK(two.take() == "a c d");
    CHECK(all.take() == "a b c d");
    reader nobody{topic.subscribe({}, {.except_from = 0, .start = rill::start::earliest})};
    CHECK(nobody.take() == "a b d"); // 0 is a publisher like any other
}

TEST_CASE("except_from holds for what is missed, too") {
    rill::topic topic;
    const auto id = topic.publish({.data = "a"}, {.from = 1});
    topic.publish({.data = "b"}, {.from = 1});
    topic.publish({.data = "c"}, {.from = 2});
    reader again{topic.subscribe(id, {.except_from = 1})};
    CHECK(again.take() == "c");
}

TEST_CASE("a subscriber gets the events for which its filter is true") {
    room s;
    s.web.routes.get("/even",
                     [&](rill::request& request) { return s.topic.subscribe(request, {.filter = even}); });
    const auto first = s.count(1, 1);
    s.count(2, 4);
    auto again = s.web.send("GET", "/even", {{"Last-Event-ID", first}}), fresh = s.web.send("GET", "/even");
    s.count(5, 8);
    CHECK(words(again.events()) == "2 4 6 8");
    CHECK(words(fresh.events()) == "6 8");
}

TEST_CASE("a filter sees the event as it was published, with the id it got, its publisher and its key") {
    rill::topic topic;
    std::vector<std::string> seen;
    const auto watch = [&](const published_event& e) {
        seen.push_back(fmt::format("{}|{}|{}|{}|{}|{}", e.event.id, e.event.name, e.event.data,
                                   e.event.comment, e.from ? std::to_string(*e.from) : "-", e.key));
        seen.back() += e.event.retry ? fmt::format("|{}", e.event.retry->count()) : "";
        return true;
    };
    reader all{topic.subscribe({}, {.filter = watch})};
    const auto one =
        topic.publish({.name = "n", .data = "a\nb", .comment = "c", .retry = std::chrono::milliseconds{500}},
                      {.from = 7, .key = "k"});
    const auto two = topic.publish({.data = ""});
    all.run();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0] == one + "|n|a\nb|c|7|k|500");
    CHECK(seen[1] == two + "||||-|");
}

TEST_CASE("a filter tells no field from an empty one, as events do") {
    rill::topic topic;
    std::string seen;
    const auto watch = [&](const published_event& e) {
        seen += e.event.data.data() ? "data " : "none ";
        seen += e.event.comment.data() ? "comment " : "none ";
        return true;
    };
    reader all{topic.subscribe({}, {.filter = watch})};
    topic.publish({.data = "", .comment = ""});
    topic.publish({.retry = std::chrono::milliseconds{1000}});
    all.run();
    CHECK(seen == "data comment none none ");
}

TEST_CASE("a filter is asked once for each event that is not excepted, in order, for itself alone") {
    rill::topic topic;
    std::string seen;
    const auto watch = [&](const published_event& e) {
        seen += e.event.data;
        return false;
    };
    reader one{topic.subscribe({}, {.except_from = 1, .filter = watch})};
    reader other{topic.subscribe()};
    for (std::uint64_t n = 0; n < 4; ++n) topic.publish({.data = std::to_string(n)}, {.from = n});
    CHECK(one.take().empty());
    CHECK(seen == "023");
    CHECK(other.take() == "0 1 2 3");
    static_cast<void>(one.take());
    CHECK(seen == "023");
}

TEST_CASE("a subscription has its own copy of the filter, which may be a temporary or a named one") {
    rill::topic topic;
    auto wanted = std::make_unique<std::string>("a");
    std::optional<reader> some;
    {
        const auto name = std::string{"a"};
        some.emplace(topic.subscribe(
            {}, {.filter = [name](const published_event& e) { return e.event.data == name; }}));
    }
    const rill::event_filter function = [text = *wanted](const published_event& e) {
        return e.event.data != text;
    };
    reader others{topic.subscribe({}, {.filter = function})};
    topic.publish({.data = "a"});
    topic.publish({.data = "b"});
    CHECK(some->take() == "a");
    CHECK(others.take() == "b");
}

TEST_CASE("a filter goes with its subscription, and no sooner") {
    const auto token = std::make_shared<int>(0);
    rill::topic topic;
    {
        const auto hold = [token](const published_event&) { return true; };
        reader one{topic.subscribe({}, {.filter = hold})};
        CHECK(token.use_count() == 3);
        one.run();
        CHECK(token.use_count() == 3);
    }
    CHECK(token.use_count() == 1);
}

TEST_CASE("what a filter throws comes out of next, and other readers see nothing of it") {
    rill::topic topic;
    const auto bad = [](const published_event& e) {
        if (e.event.data == "2") throw std::runtime_error{"no"};
        return true;
    };
    reader one{topic.subscribe({}, {.filter = bad})}, other{topic.subscribe()};
    for (const auto* text : {"1", "2", "3"}) topic.publish({.data = text});
    CHECK(one.take() == "1");
    CHECK(one.over());
    REQUIRE(one.failure() != nullptr);
    CHECK_THROWS_AS(std::rethrow_exception(one.failure()), std::runtime_error);
    CHECK(other.take() == "1 2 3");
    CHECK(topic.statistics().subscribers == 1);
}

TEST_CASE("what a filter throws cuts its stream, and is logged, as if a handler had thrown it") {
    room s;
    const auto bad = [](const published_event& e) {
        if (e.event.data == "2") throw std::runtime_error{"the filter's trouble"};
        return true;
    };
    s.web.routes.get("/bad",
                     [&](rill::request& request) { return s.topic.subscribe(request, {.filter = bad}); });
    auto one = s.web.send("GET", "/bad"), other = s.join();
    s.count(1, 3);
    CHECK(one.cut());
    CHECK_FALSE(one.complete());
    CHECK(words(one.events()) == "1");
    REQUIRE(s.web.log.lines.size() == 1);
    CHECK(s.web.log.lines[0].find("the filter's trouble") != std::string::npos);
    CHECK(words(other.events()) == "1 2 3");
    CHECK(s.topic.statistics().subscribers == 1);
}

TEST_CASE("a filter may publish, to its own topic and to others") {
    room s;
    rill::topic echo;
    const auto answer = [&](const published_event& e) {
        if (!e.from) {
            s.topic.publish({.data = "re " + std::string{e.event.data}}, {.from = 1});
            echo.publish({.data = e.event.data});
        }
        return true;
    };
    s.web.routes.get("/answers",
                     [&](rill::request& request) { return s.topic.subscribe(request, {.filter = answer}); });
    auto reply = s.web.send("GET", "/answers");
    auto other = s.join();
    reader echoes{echo.subscribe()};
    s.count(1, 2);
    CHECK(words(reply.events()) == "1 re 1 2 re 2");
    CHECK(words(other.events()) == "1 re 1 2 re 2");
    CHECK(echoes.take() == "1 2");
}

TEST_CASE("a filter may subscribe, leave, and ask for statistics") {
    rill::topic topic;
    std::optional<rill::subscription> inner;
    const auto busy = [&](const published_event& e) {
        if (inner)
            inner.reset();
        else
            inner.emplace(topic.subscribe());
        return topic.statistics().published >= static_cast<std::uint64_t>(e.event.data.size());
    };
    reader one{topic.subscribe({}, {.filter = busy})};
    for (int n = 1; n <= 5; ++n) topic.publish({.data = "x"});
    CHECK(one.take() == "x x x x x");
    CHECK(inner.has_value());
    topic.publish({.data = "y"});
    reader two{*std::move(inner)};
    CHECK(two.take() == "y");
}

TEST_CASE("a filter may close the topic: its reader gets what is there, and the end") {
    room s;
    const auto last_order = [&](const published_event& e) {
        if (e.event.data == "2") s.topic.close();
        return true;
    };
    s.web.routes.get("/closing", [&](rill::request& request) {
        return s.topic.subscribe(request, {.filter = last_order});
    });
    auto closing = s.web.send("GET", "/closing"), other = s.join();
    for (const auto* text : {"1", "2", "3"}) s.topic.publish({.data = text});
    s.web.server().run();
    CHECK(words(closing.events()) == "1 2 3");
    CHECK(words(other.events()) == "1 2 3");
    CHECK(closing.complete());
    CHECK(other.complete());
}

TEST_CASE("a filter may destroy the topic") {
    auto topic = std::make_unique<rill::topic>();
    const auto end = [&](const published_event&) {
        topic.reset();
        return true;
    };
    reader one{topic->subscribe({}, {.filter = end})}, other{topic->subscribe()};
    topic->publish({.data = "1"});
    topic->publish({.data = "2"});
    CHECK(one.take() == "1 2");
    CHECK(one.over());
    CHECK(other.take() == "1 2");
    CHECK(other.over());
}

namespace {

/// Does what it is told when the last copy of it goes.
class last_will {
public:
    explicit last_will(std::function<void()> will)
        : will_{std::shared_ptr<void>{nullptr, [will = std::move(will)](void*) { will(); }}} {}
    bool operator()(const published_event&) const { return true; }

private:
    std::shared_ptr<void> will_;
};

} // namespace

TEST_CASE("a filter that is destroyed may publish and subscribe, whatever it is destroyed by") {
    auto topic = std::make_unique<rill::topic>();
    reader witness{topic->subscribe()};
    std::optional<reader> heir;
    auto some = std::make_unique<reader>(
        topic->subscribe({}, {.filter = last_will{[&] {
                                  topic->publish({.data = "farewell"});
                                  heir.emplace(topic->subscribe({}, {.start = rill::start::earliest}));
                              }}}));
    SUBCASE("by its reader, which waits") {
        some->run();
        some.reset();
    }
    SUBCASE("by its reader, which never began") {
        some.reset();
    }
    SUBCASE("by its reader, which has something to read") {
        topic->publish({.data = "1"});
        some.reset();
    }
    REQUIRE(heir);
    CHECK(heir->take().ends_with("farewell"));
    CHECK(witness.take().ends_with("farewell"));
    CHECK(topic->statistics().subscribers == 2);
}

TEST_CASE("a filter that is destroyed as its client leaves may publish to those who stay") {
    room s;
    s.web.routes.get("/seat", [&](rill::request& request) {
        const last_will farewell{[&] { s.topic.publish({.data = "left"}); }};
        return s.topic.subscribe(request, {.filter = farewell});
    });
    auto stays = s.join(), leaves = s.web.send("GET", "/seat"), also = s.web.send("GET", "/seat");
    s.count(1, 1);
    leaves.close();
    s.web.server().run();
    CHECK(words(stays.events()) == "1 left");
    CHECK(words(also.events()) == "1 left");
    also.close();
    s.web.server().run();
    CHECK(words(stays.events()) == "1 left left");
    CHECK(s.topic.statistics().subscribers == 1);
}

TEST_CASE("a reader that wants none of the last events sees the end of its topic all the same") {
    rill::topic topic, other;
    reader one{topic.subscribe({}, {.filter = even})};
    reader both{rill::subscribe(std::array{&topic, &other}, {}, {.filter = even})};
    reader late{topic.subscribe({}, {.filter = even, .start = rill::start::earliest})};
    CHECK(one.take().empty());
    CHECK(both.take().empty());
    for (const auto* text : {"1", "3", "5"}) topic.publish({.data = text});
    topic.close();
    CHECK(one.take().empty());
    CHECK(one.over());
    CHECK(late.over());
    CHECK_FALSE(both.over());
    other.publish({.data = "7"});
    other.close();
    CHECK(both.take().empty());
    CHECK(both.over());
}

TEST_CASE("events that nobody wants are no traffic, and the client's place moves on all the same") {
    room s{{.keep_events = 10}};
    s.web.routes.get("/none", [&](rill::request& request) {
        return s.topic.subscribe(
            request, {.filter = [](const published_event& e) { return e.event.data == "wanted"; }});
    });
    auto reply = s.web.send("GET", "/none");
    const auto writes = reply.connection().writes();
    s.count(1, 100); // far beyond the log
    CHECK(reply.connection().writes() == writes);
    s.say("wanted");
    CHECK(words(reply.events()) == "wanted");
    CHECK(reply.connection().writes() == writes + 1);
    CHECK(s.topic.statistics().gaps == 0);
    CHECK(s.topic.statistics().dropped == 0);
}
