// The topics of one stream take turns.
#include "topic_listening.hpp"
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

using rill::topic;
using state = rill::detail::feed::state;

namespace {

/// A subscriber that takes a portion when it likes.
class taker {
public:
    explicit taker(std::vector<topic*> topics, const rill::subscribe_options& options = {})
        : events_{elements_of(rill::subscribe(topics, "", options))} {
        CHECK(take() == state::some); // the checkpoints
        got.clear();
    }

    state take(std::size_t bytes = 4'000) {
        rill::detail::feed::batch batch;
        const auto result = events_.source().take(bytes, batch);
        if (result == state::some)
            for (const auto& piece : batch.pieces()) got += piece.bytes;
        return result;
    }
    [[nodiscard]] bool has(std::string_view data) const {
        return got.find(fmt::format("\ndata: {}", data)) != got.npos;
    }

    std::string got;

private:
    rill::elements events_;
};

/// More than a portion.
void flood(topic& t) {
    for (int n = 0; n < 20; ++n) t.publish({.data = std::string(400, 'f')});
}

} // namespace

TEST_CASE("a quiet topic comes beside one that always has more, whichever is named first") {
    for (const bool quiet_first : {false, true}) {
        CAPTURE(quiet_first);
        topic firehose{{.keep_bytes = 20'000, .policy = rill::lag_policy::skip}}, quiet;
        taker one{quiet_first ? std::vector{&quiet, &firehose} : std::vector{&firehose, &quiet}};
        for (int round = 0; round < 10; ++round) {
            CAPTURE(round);
            quiet.publish({.data = std::to_string(round)});
            for (int portion = 0; portion < 2; ++portion) {
                flood(firehose);
                CHECK(one.take() == state::some);
            }
            CHECK(one.has(std::to_string(round)));
            CHECK(one.has("fff"));
            one.got.clear();
        }
    }
}

TEST_CASE("eight topics that all have more get as much each") {
    std::array<topic, 8> all;
    std::vector<topic*> followed;
    for (auto& each : all) followed.push_back(&each);
    taker one{followed};
    for (int portion = 0; portion < 24; ++portion) {
        for (auto& each : all) flood(each);
        CHECK(one.take() == state::some);
    }
    for (auto& each : all) {
        const auto share = each.statistics().delivered;
        CAPTURE(share);
        CHECK(share >= 3 * 7);
        CHECK(share <= 3 * 11);
    }
}

TEST_CASE("a topic whose event is larger than a portion does not keep the next one waiting for long") {
    topic large, small;
    taker one{{&large, &small}};
    for (int n = 0; n < 4; ++n) large.publish({.data = std::string(50'000, 'l')});
    small.publish({.data = "s"});
    CHECK(one.take() == state::some);
    CHECK_FALSE(one.has("s"));
    CHECK(one.take() == state::some);
    CHECK(one.has("s"));
}

TEST_CASE("with a filter that throws at an event, those before it come first, and then nothing else does") {
    topic a, b;
    const auto filter = [](const rill::published_event& e) {
        return e.event.data == "bad" ? throw std::runtime_error{"bad"} : true;
    };
    taker one{{&a, &b}, {.filter = filter}};
    a.publish({.data = "a1"});
    a.publish({.data = "bad"});
    b.publish({.data = "b1"});
    CHECK(one.take() == state::some);
    CHECK(one.has("a1"));
    CHECK_THROWS_WITH(static_cast<void>(one.take()), "bad");
    CHECK_FALSE(one.has("b1"));
}
