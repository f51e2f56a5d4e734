// Clients that are slow, and clients that are dead: behind buffers such as those of a kernel.
#include "app_asking.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>

using namespace std::chrono_literals;
using rill::event_stream;
using rill::request;
using rill::testing::pace;

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20U;
/// What Linux does without TCP_NOTSENT_LOWAT.
constexpr rill::limits unbounded{.unsent_bytes = 0};
constexpr pace twenty{.bytes_per_second = 20'000};

/// A stream without an end, as fast as it is taken.
event_stream firehose(request&) {
    const std::string text(1000, 'x');
    for (;;) co_yield {.data = text};
}

event_stream one_large(request&) {
    const std::string text(8 * megabyte, 'x');
    co_yield {.data = text};
}

/// Publishes the time to 50 keys twenty times a second.
class prices {
public:
    explicit prices(const rill::server_options& options = {}) : site_{options} {
        site_.routes.get("/", [this](request& r) { return topic_.subscribe(r); });
    }

    /// How old in seconds the newest event is that the client has read, at worst, when `warm` has passed.
    [[nodiscard]] std::chrono::milliseconds oldest(const pace& speed, std::chrono::seconds warm,
                                                   std::chrono::seconds time) {
        auto reply = site_.send("GET", "/");
        reply.connection().read_at(speed);
        std::chrono::milliseconds now{}, worst{};
        for (; now < time; now += 50ms) {
            for (int key = 0; key < 50; ++key)
                topic_.publish({.data = std::to_string(now.count()) + std::string(300, ' ')},
                               {.key = std::to_string(key)});
            site_.server().advance(50ms);
            const auto& events = reply.events();
            if (now >= warm && !events.empty() && events.back().type != "gap")
                worst = std::max(worst, now - time_in(events.back().data));
        }
        CHECK_FALSE(reply.cut());
        return worst;
    }

private:
    static std::chrono::milliseconds time_in(std::string_view text) {
        std::int64_t count = 0;
        std::from_chars(text.data(), text.data() + text.size(), count);
        return std::chrono::milliseconds{count};
    }

    site site_;
    rill::topic topic_{{.keep_events = 1000, .policy = rill::lag_policy::latest}};
};

} // namespace

TEST_CASE("a client that reads steadily is not cut, however much lies in the kernel between") {
    for (const auto& limits : {rill::limits{}, unbounded}) {
        CAPTURE(limits.unsent_bytes);
        site s{rill::server_options{.limits = limits}};
        s.routes.get("/stream", firehose)
            .get("/event", one_large)
            .get("/body", says(std::string(8 * megabyte, 'x')));
        for (const auto* path : {"/stream", "/event", "/body"}) {
            CAPTURE(path);
            auto reply = s.send("GET", path);
            reply.connection().read_at(twenty);
            s.server().advance(10min);
            CHECK_FALSE(reply.cut());
            CHECK(reply.body().size() >= (path == std::string{"/stream"} ? 11'000'000 : 8 * megabyte));
        }
        CHECK(s.server().statistics().cut_slow == 0);
        CHECK(s.log.lines.empty());
    }
}

TEST_CASE("a client of one kilobyte a second is not cut either") {
    site s{rill::server_options{.limits = unbounded}};
    s.routes.get("/", firehose);
    auto reply = s.send("GET", "/");
    reply.connection().read_at({.bytes_per_second = 1000});
    s.server().advance(1h);
    CHECK_FALSE(reply.cut());
    CHECK(reply.body().size() >= 3'500'000);
}

TEST_CASE(
    "a client that stops to read is cut 30 seconds after it has acknowledged something, or a quarter later") {
    for (const auto& limits : {rill::limits{}, unbounded}) {
        site s{rill::server_options{.limits = limits}};
        s.routes.get("/", firehose);
        auto reply = s.send("GET", "/");
        reply.connection().read_at(twenty);
        s.server().advance(100s);
        reply.connection().read_at({.bytes_per_second = 0});
        s.server().advance(30s - 1ms);
        CHECK_FALSE(reply.cut());
        s.server().advance(7501ms);
        CHECK(reply.cut());
        CHECK(reply.connection().was_reset());
        CHECK(s.server().connections() == 0);
        CHECK(s.server().statistics().cut_slow == 1);
        REQUIRE(s.log.lines.size() == 1);
        CHECK(s.log.lines[0].starts_with("cut memory: it has taken nothing for 3"));
        CHECK(s.log.lines[0].ends_with(" bytes wait for it"));
        CHECK(s.log.errors == 0);
    }
}

TEST_CASE("a client that never reads is cut after 30 seconds") {
    site s;
    s.routes.get("/", firehose);
    auto connection = s.server().connect();
    connection.read_at({});
    connection.send(whole_request);
    s.server().advance(30s - 1ms);
    CHECK_FALSE(connection.ended());
    s.server().advance(1ms);
    CHECK(connection.was_reset());
    REQUIRE(s.log.lines.size() == 1);
    CHECK(s.log.lines[0].starts_with("cut memory: it has taken nothing for 30.0 s, and "));
}

TEST_CASE(
    "a client that takes a few bytes each 29 seconds is not cut, though nothing can be written meanwhile") {
    site s{rill::server_options{.limits = unbounded}};
    s.routes.get("/", says(std::string(8 * megabyte, 'x')));
    auto connection = s.server().connect();
    connection.read_at({});
    connection.send(whole_request);
    for (int n = 0; n < 50; ++n) {
        connection.read_at({.bytes_per_second = 1000});
        s.server().advance(200ms);
        connection.read_at({});
        s.server().advance(29s);
        CHECK_FALSE(connection.ended());
    }
    CHECK(s.server().statistics().cut_slow == 0);
}

TEST_CASE("while the server drains, a client has the time of `linger` to take something, as ever") {
    site s;
    s.routes.get("/", says(std::string(8 * megabyte, 'x')));
    auto slow = s.server().connect();
    slow.read_at({.bytes_per_second = 1'000});
    slow.send(whole_request);
    s.server().advance(10s);
    s.server().drain();
    s.server().advance(1s);
    CHECK(slow.was_reset());
    CHECK(s.server().statistics().cut_slow == 1);
    REQUIRE(s.log.lines.size() == 1);
    CHECK(s.log.lines[0].starts_with("cut memory: the server drains, and "));
}

TEST_CASE("a client that is dead without a word is found out by what it leaves unanswered") {
    site s;
    SUBCASE("with comments") {
        s.routes.get("/", [](request&) -> event_stream { co_await rill::sleep_for(24h); });
    }
    SUBCASE("with events") {
        s.routes.get("/", [](request&) -> event_stream {
            for (;; co_await rill::sleep_for(1s)) co_yield {.data = "x"};
        });
    }
    SUBCASE("with events, and without comments") {
        s.routes.get("/",
                     [](request&) -> event_stream {
                         for (;; co_await rill::sleep_for(1s)) co_yield {.data = "x"};
                     },
                     {.keep_alive = 0s});
    }
    auto reply = s.send("GET", "/");
    s.server().advance(1min);
    reply.connection().read_at({.receive_buffer = 0});
    s.server().advance(30s - 1ms);
    CHECK_FALSE(reply.cut());
    s.server().advance(31s);
    CHECK(reply.connection().was_reset());
    CHECK(s.server().connections() == 0);
    CHECK(s.server().statistics().cut_slow == 1);
    CHECK(s.log.lines.size() == 1);
}

TEST_CASE("a quiet subscriber that is dead without a word is found out, too") {
    site s;
    rill::topic topic;
    s.routes.get("/", [&](request& r) { return topic.subscribe(r); });
    auto reply = s.send("GET", "/");
    auto alive = s.send("GET", "/");
    alive.connection().read_at(twenty);
    s.server().advance(1min);
    reply.connection().read_at({.receive_buffer = 0});
    s.server().advance(61s);
    CHECK(reply.connection().was_reset());
    CHECK_FALSE(alive.cut());
    CHECK(topic.statistics().subscribers == 1);
    CHECK(s.server().statistics().cut_slow == 1);
}

TEST_CASE("a client that is there, and for which little waits, is not cut for reading nothing") {
    site s;
    s.routes.get("/", [](request&) -> event_stream {
        for (;; co_await rill::sleep_for(1s)) co_yield {.data = "x"};
    });
    auto reply = s.send("GET", "/");
    reply.connection().read_at({});
    s.server().advance(1h);
    CHECK_FALSE(reply.cut());
}

TEST_CASE("with `lag_policy::latest` a slow client gets news, not what lay in the kernel") {
    for (const std::size_t speed : {10'000, 20'000, 40'000}) {
        CAPTURE(speed);
        // 64 KiB here and 64 KiB there, at this pace, and half a second of the publisher's.
        const auto bound = std::chrono::milliseconds{2 * 65'536 * 1000 / speed} + 4s;
        const auto age = prices{}.oldest({.bytes_per_second = speed}, 30s, 90s);
        MESSAGE(speed, " bytes per second: at most ", age.count(), " ms old");
        CHECK(age <= bound);
        const auto without = prices{{.limits = unbounded}}.oldest({.bytes_per_second = speed}, 30s, 90s);
        MESSAGE("without a bound: ", without.count(), " ms old");
        CHECK(without > 20s);
    }
}
