// One reader of several topics.
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using rill::topic;

namespace {

/// Topics, each of which can have another life.
class several {
public:
    explicit several(std::size_t count, const rill::topic_options& options = {}) : options_{options} {
        for (std::size_t n = 0; n < count; ++n) owned_.push_back(std::make_unique<topic>(options));
    }
    [[nodiscard]] topic& operator[](std::size_t n) { return *owned_[n]; }
    void restart(std::size_t n) { owned_[n] = std::make_unique<topic>(options_); }

    [[nodiscard]] std::vector<topic*> all() const {
        std::vector<topic*> result;
        for (const auto& one : owned_) result.push_back(one.get());
        return result;
    }
    [[nodiscard]] std::vector<topic*> of(std::initializer_list<std::size_t> which) const {
        std::vector<topic*> result;
        for (const auto n : which) result.push_back(owned_[n].get());
        return result;
    }

private:
    rill::topic_options options_;
    std::vector<std::unique_ptr<topic>> owned_;
};

std::string sorted(std::string_view words) {
    std::vector<std::string> all;
    while (!words.empty()) {
        const auto end = std::min(words.find(' '), words.size());
        all.emplace_back(words.substr(0, end));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    std::ranges::sort(all);
    return fmt::format("{}", fmt::join(all, " "));
}

} // namespace

TEST_CASE("a reader of several topics gets the events of all of them, in order for each") {
    several t{3};
    reader all{rill::subscribe(t.all())};
    for (int n = 1; n <= 3; ++n)
        for (std::size_t i = 0; i < 3; ++i)
            t[i].publish({.data = std::string(1, "abc"[i]) + std::to_string(n)});
    const auto got = all.take();
    CHECK(sorted(got) == "a1 a2 a3 b1 b2 b3 c1 c2 c3");
    for (const auto* part : {"a", "b", "c"}) {
        const std::string name = part;
        CHECK(got.find(name + "1") < got.find(name + "2"));
        CHECK(got.find(name + "2") < got.find(name + "3"));
    }
    t[1].publish({.data = "b4"});
    CHECK(all.take() == "b4");
}

TEST_CASE("a stream of several topics begins with one checkpoint, from which a client loses nothing") {
    several t{8};
    site s;
    s.routes.get("/", [&](rill::request& r) { return rill::subscribe(t.all(), r); });
    auto reply = s.send("GET", "/");
    const auto checkpoint = reply.last_event_id();
    REQUIRE(reply.body() == fmt::format("id: {}\nevent: checkpoint\ndata: {{}}\n\n", checkpoint));
    t[0].publish({.data = "a1"});
    t[1].publish({.data = "b1"});
    s.server().run();
    CHECK(sorted(words(reply.events())) == "a1 b1");
    auto again = s.send("GET", "/", {{"Last-Event-ID", checkpoint}});
    CHECK(sorted(words(again.events())) == "a1 b1");
    auto by_query = s.send("GET", "/?last_event_id=" + checkpoint);
    CHECK(sorted(words(by_query.events())) == "a1 b1");
}

TEST_CASE("the checkpoint of several topics is not repeated when the first of them has much to replay") {
    several t{3};
    for (int n = 0; n < 200; ++n) t[0].publish({.data = std::string(1'000, 'x')});
    t[1].publish({.data = "b"});
    site s;
    s.routes.get(
        "/", [&](rill::request& r) { return rill::subscribe(t.all(), r, {.start = rill::start::earliest}); });
    auto reply = s.send("GET", "/");
    CHECK(reply.events().size() == 201);
    CHECK(reply.body().find("event: checkpoint") < reply.body().find("data: x"));
    CHECK(reply.body().rfind("event: checkpoint") == reply.body().find("event: checkpoint"));
}

TEST_CASE("a gap tells where a stream of several topics stands, and no checkpoint follows it") {
    several t{2};
    const auto old = t[0].publish({.data = "a"});
    t.restart(0);
    site s;
    s.routes.get("/", [&](rill::request& r) { return rill::subscribe(t.all(), r); });
    auto reply = s.send("GET", "/", {{"Last-Event-ID", old}});
    REQUIRE(reply.events().size() == 2);
    for (const auto& event : reply.events()) CHECK(event.type == "gap");
    CHECK(reply.body().find("event: checkpoint") == reply.body().npos);
    CHECK(reply.last_event_id().find("000000000000") == std::string::npos);
}

TEST_CASE("the id of four topics has less than 128 bytes, that of eight can come back in a request") {
    for (const std::size_t count : {1u, 2u, 4u, 8u}) {
        CAPTURE(count);
        several t{count};
        for (int n = 0; n < 1000; ++n)
            for (std::size_t i = 0; i < count; ++i) t[i].publish({.data = "x"});
        site s;
        s.routes.get("/", [&](rill::request& r) { return rill::subscribe(t.all(), r); });
        auto reply = s.send("GET", "/");
        t[0].publish({.data = "1"});
        s.server().run();
        REQUIRE(reply.events().size() == 1);
        const auto& id = reply.events()[0].last_event_id;
        CHECK(id.size() < (count <= 4 ? 128 : 256));
        t[count - 1].publish({.data = "2"});
        auto again = s.send("GET", "/", {{"Last-Event-ID", id}});
        CHECK(again.status() == rill::status::ok);
        CHECK(words(again.events()) == "2");
    }
}

TEST_CASE("the id of several topics needs no escaping in a query, and no preflight in a browser") {
    several t{4};
    reader all{rill::subscribe(t.all())};
    t[3].publish({.data = "x"});
    const auto got = all.messages();
    REQUIRE(got.size() == 1);
    for (const char c : got[0].last_event_id) {
        CAPTURE(c);
        // RFC 3986 §2.3 and §3.4, but for what forms read otherwise; and no byte that is CORS-unsafe.
        CHECK(
            std::string_view{"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._~,;!*/"}.find(
                c) != std::string_view::npos);
    }
}

TEST_CASE("a client goes on behind any of its ids, whatever order it names the topics in") {
    several t{3};
    reader first{rill::subscribe(t.all())};
    for (int n = 1; n <= 4; ++n)
        for (std::size_t i = 0; i < 3; ++i)
            t[i].publish({.data = std::string(1, "abc"[i]) + std::to_string(n)});
    const auto seen = first.messages();
    REQUIRE(seen.size() == 12);
    for (std::size_t n = 0; n < seen.size(); ++n) {
        CAPTURE(n);
        std::string rest;
        for (std::size_t i = n + 1; i < seen.size(); ++i) rest += seen[i].data + " ";
        for (const auto& order : {t.of({0, 1, 2}), t.of({2, 1, 0}), t.of({1, 2, 0})}) {
            reader again{rill::subscribe(order, seen[n].last_event_id)};
            CHECK(sorted(again.take()) == sorted(rest));
        }
    }
}

TEST_CASE("where one of the topics has another life, that is told of this one alone, once") {
    several t{3};
    reader first{rill::subscribe(t.all())};
    for (std::size_t i = 0; i < 3; ++i) t[i].publish({.data = "old"});
    const auto id = first.messages().back().last_event_id;
    t.restart(1);
    for (std::size_t i = 0; i < 3; ++i) t[i].publish({.data = std::string(1, "abc"[i])});
    for (const auto& order : {t.of({0, 1, 2}), t.of({1, 0, 2}), t.of({2, 0, 1})}) {
        reader again{rill::subscribe(order, id)};
        const auto got = again.messages();
        CHECK(sorted(words(got)) == sorted("a b c " + gap("unknown_epoch")));
        // The gap stands before the events of the topic that it tells of.
        const auto told = words(got);
        CHECK(told.find("gap") < told.find(" b"));
        // Whoever leaves amid them has each event once in the end, and was told of the gap.
        auto last = id;
        std::string so_far;
        for (const auto& m : got) {
            so_far += word(m) + " ";
            if (!m.last_event_id.empty()) last = m.last_event_id;
            CAPTURE(so_far);
            reader third{rill::subscribe(order, last)};
            const auto rest = third.take();
            CHECK((so_far + rest).find("gap") != std::string::npos);
            for (const auto* event : {"a", "b", "c"}) {
                const auto has = [&](const std::string& in) {
                    return (" " + in + " ").find(fmt::format(" {} ", event)) != std::string::npos;
                };
                CHECK(has(so_far) != has(rest));
            }
        }
    }
}

TEST_CASE("where two of the topics have other lives, both gaps are told, wherever a client leaves") {
    several t{3};
    std::string id;
    {
        reader first{rill::subscribe(t.all())};
        for (std::size_t i = 0; i < 3; ++i) t[i].publish({.data = "old"});
        id = first.messages().back().last_event_id;
    }
    t.restart(0);
    t.restart(2);
    for (std::size_t i = 0; i < 3; ++i) t[i].publish({.data = std::string(1, "abc"[i])});
    reader again{rill::subscribe(t.all(), id)};
    const auto got = again.messages();
    CHECK(sorted(words(got)) == sorted("a b c " + gap("unknown_epoch") + " " + gap("unknown_epoch")));
    auto last = id;
    std::size_t gaps = 0;
    for (const auto& m : got) {
        gaps += m.type == "gap" ? 1 : 0;
        if (!m.last_event_id.empty()) last = m.last_event_id;
        reader third{rill::subscribe(t.all(), last)};
        std::size_t told = gaps;
        for (const auto& other : third.messages()) told += other.type == "gap" ? 1 : 0;
        CHECK(told >= 2);
    }
}

TEST_CASE("where one of the topics has lost events, that is told with their number") {
    several t{2, {.keep_events = 3}};
    t[0].publish({.data = "a"});
    t[1].publish({.data = "b"});
    const auto id = [&] {
        reader first{rill::subscribe(t.all(), {}, {.start = rill::start::earliest})};
        return first.messages().back().last_event_id;
    }();
    for (int n = 1; n <= 10; ++n) t[0].publish({.data = std::to_string(n)});
    reader again{rill::subscribe(t.all(), id)};
    CHECK(again.take() == gap("trimmed", 7) + " 8 9 10");
}

TEST_CASE("a topic that is new among several begins where new readers do") {
    several t{3};
    reader first{rill::subscribe(t.of({0, 1}))};
    t[0].publish({.data = "a1"});
    const auto id = first.messages().back().last_event_id;
    for (std::size_t i = 0; i < 3; ++i) t[i].publish({.data = std::string(1, "abc"[i]) + "2"});
    reader without{rill::subscribe(t.of({0}), id)};
    CHECK(without.take() == "a2");
    reader with{rill::subscribe(t.all(), id)};
    const auto got = with.take();
    CHECK(got.find("a2") != got.npos);
    CHECK(got.find("b2") != got.npos);
    t[2].publish({.data = "c3"});
    CHECK(with.take() == "c3");
}

TEST_CASE("what is no id of several topics is told, and all there is comes") {
    several t{2};
    reader first{rill::subscribe(t.all())};
    t[0].publish({.data = "a"});
    t[1].publish({.data = "b"});
    const auto id = first.messages().back().last_event_id;
    for (const auto& bad :
         {std::string{"junk"}, id.substr(0, 12), std::string(100'000, ','), std::string{"\xFF"}}) {
        CAPTURE(bad);
        reader again{rill::subscribe(t.all(), bad)};
        const auto got = again.take();
        CHECK(got.find("gap") != got.npos);
        CHECK(got.find(" a") != got.npos);
        CHECK(got.find(" b") != got.npos);
    }
}

TEST_CASE("ids that publishers gave do not show in a stream of several topics") {
    several t{2};
    reader all{rill::subscribe(t.all())};
    t[0].publish({.id = "mine", .data = "a"});
    t[0].publish({.id = "mine too", .data = "b"});
    const auto got = all.messages();
    REQUIRE(got.size() == 2);
    CHECK(got[0].last_event_id.find("mine") == std::string::npos);
    reader again{rill::subscribe(t.all(), got[0].last_event_id)};
    CHECK(again.take() == "b");
}

TEST_CASE("start, except_from and filter hold for all of them") {
    several t{2};
    const auto no_c = [](const rill::published_event& e) { return e.event.data != "c"; };
    for (std::size_t i = 0; i < 2; ++i) {
        t[i].publish({.data = "a"}, {.from = 1});
        t[i].publish({.data = "b"}, {.from = 2});
        t[i].publish({.data = "c"});
    }
    reader some{
        rill::subscribe(t.all(), {}, {.except_from = 1, .filter = no_c, .start = rill::start::earliest})};
    CHECK(some.take() == "b b");
    reader fresh{rill::subscribe(t.all())};
    CHECK(fresh.take().empty());
}

TEST_CASE("a reader of several goes on until all of them are closed") {
    several t{2};
    reader all{rill::subscribe(t.all())};
    t[0].publish({.data = "a"});
    t[0].close();
    CHECK(all.take() == "a");
    CHECK_FALSE(all.over());
    t[1].publish({.data = "b"});
    CHECK(all.take() == "b");
    t[1].close();
    CHECK(all.over());
    CHECK(all.failure() == nullptr);
}

TEST_CASE("a slow reader that falls off one of its topics meets the policy of that one") {
    const auto run = [](rill::lag_policy policy) {
        rill::topic quick{{.keep_events = 3, .policy = policy}}, slow;
        auto busy = rill::subscribe(std::array{&quick, &slow});
        quick.publish({.data = "0"});
        CHECK(due_to(busy) == "0");
        slow.publish({.data = "s"});
        for (int n = 1; n <= 10; ++n) quick.publish({.data = std::to_string(n)});
        return sorted(due_to(busy));
    };
    CHECK(run(rill::lag_policy::disconnect) == "end");
    CHECK(run(rill::lag_policy::skip) == sorted("8 9 10 s " + gap("lagged", 7)));
}

TEST_CASE("no topic, more than eight, or one twice are refused") {
    several t{9};
    CHECK_THROWS_AS(static_cast<void>(rill::subscribe(std::span<topic* const>{})), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(rill::subscribe(t.all())), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(rill::subscribe(t.of({0, 1, 0}))), std::invalid_argument);
    for (std::size_t n = 0; n < 9; ++n) CHECK(t[n].statistics().subscribers == 0);
}

TEST_CASE("where one of the topics is full, none is subscribed to") {
    topic roomy, full{{.max_subscribers = 1}};
    site s;
    s.routes.get("/", [&](rill::request& r) { return rill::subscribe(std::array{&roomy, &full}, r); });
    const auto there = full.subscribe();
    CHECK(s.send("GET", "/").status() == rill::status::service_unavailable);
    CHECK(refusal_of([&] { static_cast<void>(rill::subscribe(std::array{&roomy, &full})); }) ==
          rill::topic_errc::too_many_subscribers);
    CHECK(roomy.statistics().subscribers == 0);
    CHECK(full.statistics().subscribers == 1);
}

TEST_CASE("a stream of several topics leaves all of them, and may outlive each") {
    several t{2};
    site s;
    s.routes.get("/", [&](rill::request& r) { return rill::subscribe(t.all(), r); });
    auto one = s.send("GET", "/"), two = s.send("GET", "/");
    CHECK(t[0].statistics().subscribers == 2);
    one.close();
    CHECK(t[0].statistics().subscribers == 1);
    CHECK(t[1].statistics().subscribers == 1);
    t.restart(0);
    t[1].publish({.data = "b"});
    s.server().run();
    CHECK(words(two.events()) == "b");
    t.restart(1);
    s.server().run();
    CHECK(two.complete());
}

TEST_CASE("a burst over several topics leaves in one write") {
    several t{4};
    site s;
    s.routes.get("/", [&](rill::request& r) { return rill::subscribe(t.all(), r); });
    auto reply = s.send("GET", "/");
    const auto before = reply.connection().writes();
    for (int n = 0; n < 25; ++n)
        for (std::size_t i = 0; i < 4; ++i) t[i].publish({.data = "x"});
    s.server().run();
    CHECK(reply.events().size() == 100);
    CHECK(reply.connection().writes() == before + 1);
}
