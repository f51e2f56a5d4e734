// Publishers that give ids of their own.
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using rill::topic_errc;

namespace {

std::string resumed(rill::topic& topic, std::string_view id) {
    reader again{topic.subscribe(id)};
    return again.take();
}

std::error_code refusal(rill::topic& topic, std::string_view id) {
    return refusal_of([&] { topic.publish({.id = id, .data = "x"}); });
}

} // namespace

TEST_CASE("a publisher's id is the event's, on the wire and for publish") {
    room s;
    auto reply = s.join();
    const auto before = reply.body().size();
    CHECK(s.topic.publish({.id = "order 7", .data = "x"}) == "order 7");
    s.web.server().run();
    CHECK(reply.body().substr(before) == "id: order 7\ndata: x\n\n");
}

TEST_CASE("a client goes on behind the event whose own id it has") {
    room s;
    for (const auto* id : {"a", "b", "c", "d"}) s.topic.publish({.id = id, .data = id});
    CHECK(words(s.join("a").events()) == "b c d");
    CHECK(words(s.join("c").events()) == "d");
    CHECK(words(s.join("d").events()) == "");
    CHECK(words(s.join({}, "/?last_event_id=b").events()) == "c d");
    CHECK(resumed(s.topic, "b") == "c d");
}

TEST_CASE("a stream on a topic with own ids begins with a checkpoint that leads back to the same place") {
    room s;
    for (const auto* id : {"a", "b", "c"}) s.topic.publish({.id = id, .data = id});
    for (const auto* id : {"", "a", "c"}) {
        CAPTURE(id);
        auto reply = s.join(id);
        const auto checkpoint = reply.body().substr(4, reply.body().find('\n') - 4);
        REQUIRE(
            reply.body().starts_with(fmt::format("id: {}\nevent: checkpoint\ndata: {{}}\n\n", checkpoint)));
        CHECK(words(s.join(checkpoint).events()) == words(reply.events()));
    }
}

TEST_CASE("own ids and the topic's own may be mixed") {
    room s;
    const auto one = s.topic.publish({.data = "1"});
    s.topic.publish({.id = "two", .data = "2"});
    const auto three = s.topic.publish({.data = "3"});
    s.topic.publish({.id = "four", .data = "4"});
    CHECK(resumed(s.topic, one) == "2 3 4");
    CHECK(resumed(s.topic, "two") == "3 4");
    CHECK(resumed(s.topic, three) == "4");
    CHECK(resumed(s.topic, "four") == "");
    CHECK(place{one}.sequence + 2 == place{three}.sequence); // each event has a number
}

TEST_CASE("an own id that no event in the log has is told, and then comes all there is") {
    rill::topic topic{{.keep_events = 3}};
    for (const auto* id : {"a", "b", "c", "d"}) topic.publish({.id = id, .data = id});
    CHECK(resumed(topic, "z") == gap("unknown_id") + " b c d");
    CHECK(resumed(topic, "A") == gap("unknown_id") + " b c d");
    CHECK(resumed(topic, "b ") == gap("unknown_id") + " b c d");
    CHECK(resumed(topic, "a") == gap("unknown_id") + " b c d"); // it has left the log
    CHECK(topic.statistics().gaps == 4);
}

TEST_CASE("an id that an event in the log has is refused, and allowed again once that has left it") {
    rill::topic topic{{.keep_events = 3}};
    topic.publish({.id = "a", .data = "1"});
    topic.publish({.id = "b", .data = "2"});
    CHECK(refusal(topic, "a") == topic_errc::id_repeats);
    CHECK(refusal(topic, "b") == topic_errc::id_repeats);
    topic.publish({.data = "3"});
    CHECK(refusal(topic, "a") == topic_errc::id_repeats);
    topic.publish({.data = "4"}); // "a" leaves
    topic.publish({.id = "a", .data = "5"});
    CHECK(resumed(topic, "a") == "");
    topic.publish({.data = "6"});
    CHECK(resumed(topic, "a") == "6");
    CHECK(topic.statistics().published == 6);
}

TEST_CASE(
    "an id that would have to push its own twin out of the log is refused or replaces it, never doubled") {
    rill::topic topic{{.keep_events = 1}};
    topic.publish({.id = "a", .data = "1"});
    const auto second = refusal(topic, "a");
    if (second) CHECK(second == topic_errc::id_repeats);
    CHECK(topic.statistics().events == 1);
    CHECK(resumed(topic, "a") == "");
}

TEST_CASE("ids that clients could not send back, or that the topic gives itself, are refused") {
    rill::topic topic;
    const place at{topic.publish({.data = "1"})};
    CHECK(refusal(topic, "") == topic_errc::id_not_allowed);
    CHECK(refusal(topic, "a,b") == topic_errc::id_not_allowed);
    CHECK(refusal(topic, ",") == topic_errc::id_not_allowed);
    CHECK(refusal(topic, std::string(257, 'x')) == topic_errc::id_not_allowed);
    for (const auto number : {at.sequence, at.sequence + 1, at.sequence + 1000})
        CHECK(refusal(topic, fmt::format("{}-{}", at.epoch, number)) == topic_errc::id_not_allowed);
    CHECK(refusal(topic, "a\nb") == rill::sse_errc::line_end_in_id);
    CHECK(refusal(topic, std::string_view{"a\0b", 3}) == rill::sse_errc::nul_in_id);
    for (const auto* id : {"a\x01", "\x1F", "a\x7F\x62", "a\tb"})
        CHECK(refusal(topic, id) == rill::sse_errc::control_in_id);
    CHECK(refusal(topic, "\xFF") == rill::sse_errc::invalid_utf8);
    CHECK(topic.statistics().published == 1);
    CHECK(topic.statistics().events == 1);
    CHECK(place{topic.publish({.data = "2"})}.sequence == at.sequence + 1);
}

TEST_CASE("an id may have up to 256 bytes, and a client comes back with it") {
    room s;
    const std::string id(256, 'x');
    s.topic.publish({.id = id, .data = "1"});
    s.topic.publish({.id = "\xC3\xBC-1 with spaces; and (signs)", .data = "2"});
    s.topic.publish({.data = "3"});
    CHECK(words(s.join(id).events()) == "2 3");
    CHECK(words(s.join("\xC3\xBC-1 with spaces; and (signs)").events()) == "3");
}

TEST_CASE("an event that is refused for its id leaves the id of another as it was") {
    rill::topic topic{{.keep_bytes = 200}};
    topic.publish({.id = "a", .data = "1"});
    CHECK(refusal_of([&] { topic.publish({.id = "b", .data = std::string(300, 'x')}); }) ==
          topic_errc::event_too_large);
    topic.publish({.id = "b", .data = "2"}); // "b" is not taken
    CHECK(resumed(topic, "a") == "2");
    CHECK(resumed(topic, "b") == "");
}

TEST_CASE("filters and readers see an own id") {
    rill::topic topic;
    std::string seen;
    const auto watch = [&](const rill::published_event& e) {
        seen += e.event.id;
        return true;
    };
    reader all{topic.subscribe({}, {.filter = watch})};
    topic.publish({.id = "mine", .data = "x"});
    const auto got = all.messages();
    REQUIRE(got.size() == 1);
    CHECK(got[0].last_event_id == "mine");
    CHECK(seen == "mine");
}

TEST_CASE("ten thousand own ids in a log of ten cost no more than ten") {
    rill::topic topic{{.keep_events = 10}};
    for (int n = 1; n <= 10'000; ++n)
        topic.publish({.id = "id" + std::to_string(n), .data = std::to_string(n)});
    CHECK(resumed(topic, "id9995") == "9996 9997 9998 9999 10000");
    CHECK(resumed(topic, "id9990").starts_with("gap"));
    topic.publish({.id = "id1", .data = "again"});
    CHECK(resumed(topic, "id10000") == "again");
}
