// Who has all of a closed topic is told not to come back.
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <array>
#include <stdexcept>
#include <string>

using rill::event_stream;
using rill::published_event;
using rill::request;
using rill::response;
using rill::status;

namespace {

/// A topic, and a site that streams it in all forms that can answer with a status.
struct closing : site {
    explicit closing(const rill::topic_options& options = {}) : topic{options} {
        routes.get("/", [this](request& r) { return topic.subscribe(r); })
            .get("/all", [this](request& r) { return topic.subscribe(r, {.start = rill::start::earliest}); })
            .get("/asked",
                 [this](request& r) -> response {
                     auto news = topic.subscribe(r);
                     if (news.at_end()) return status::no_content;
                     return [](rill::subscription from) -> event_stream {
                         co_yield rill::elements_of(std::move(from));
                     }(std::move(news));
                 })
            .get("/others", [this](request& r) { return topic.subscribe(r, {.except_from = 7}); });
    }

    [[nodiscard]] rill::testing::reply join(const std::string& id, std::string_view path = "/") {
        return send("GET", path, {{"Last-Event-ID", id}});
    }

    rill::topic topic;
};

} // namespace

TEST_CASE("a client that has all of a closed topic is answered 204") {
    closing s;
    const auto first = s.topic.publish({.data = "1"});
    const auto last = s.topic.publish({.data = "2"});
    s.topic.close();
    for (const auto* path : {"/", "/all", "/asked"}) {
        CAPTURE(path);
        auto reply = s.join(last, path);
        CHECK(reply.status() == status::no_content);
        CHECK(reply.body().empty());
        CHECK_FALSE(reply.fields().contains("Content-Type"));
        CHECK(s.send("HEAD", path, {{"Last-Event-ID", last}}).status() == status::no_content);
        auto behind = s.join(first, path);
        CHECK(behind.status() == status::ok);
        CHECK(words(behind.events()) == "2");
        CHECK(behind.complete());
    }
    CHECK(s.topic.statistics().subscribers == 0);
}

TEST_CASE("a topic that is open is answered with a stream, whatever the client has") {
    closing s;
    const auto last = s.topic.publish({.data = "1"});
    for (const auto* path : {"/", "/asked"}) CHECK(s.join(last, path).status() == status::ok);
}

TEST_CASE("a new client gets what there is, and 204 when it comes back with that") {
    closing s;
    s.topic.publish({.data = "1"});
    s.topic.close();
    auto all = s.send("GET", "/all");
    CHECK(words(all.events()) == "1");
    CHECK(s.join(all.last_event_id()).status() == status::no_content);
    auto fresh = s.send("GET", "/"); // it gets a place, so that its second attempt is its last
    CHECK(fresh.status() == status::ok);
    CHECK(fresh.complete());
    CHECK(s.join(fresh.last_event_id()).status() == status::no_content);
}

TEST_CASE("a gap is told before the end") {
    closing s{{.keep_events = 1}};
    const auto first = s.topic.publish({.data = "1"});
    for (int n = 2; n <= 4; ++n) s.topic.publish({.data = std::to_string(n)});
    s.topic.close();
    for (const auto& id : {first, std::string{"junk"}, std::string{"00c0ffee1234-1"}}) {
        CAPTURE(id);
        auto reply = s.join(id);
        CHECK(reply.status() == status::ok);
        REQUIRE_FALSE(reply.events().empty());
        CHECK(reply.events()[0].type == "gap");
        CHECK(s.join(reply.last_event_id()).status() == status::no_content);
    }
}

TEST_CASE("a publisher's own ids end a client as well") {
    closing s;
    s.topic.publish({.id = "a", .data = "1"});
    s.topic.publish({.id = "b", .data = "2"});
    s.topic.close();
    CHECK(s.join("a").status() == status::ok);
    CHECK(s.join("b").status() == status::no_content);
}

TEST_CASE("what a client would not get anyway does not bring it back") {
    closing s;
    const auto seen = s.topic.publish({.data = "1"});
    s.topic.publish({.data = "2"}, {.from = 7});
    s.topic.close();
    CHECK(s.join(seen).status() == status::ok);
    CHECK(s.join(seen, "/others").status() == status::no_content);
}

TEST_CASE("a filter is asked about what is left") {
    closing s;
    int asked = 0;
    const auto even = [&](const published_event& e) {
        ++asked;
        return e.event.data.back() % 2 == 0;
    };
    s.routes.get("/even", [&](request& r) { return s.topic.subscribe(r, {.filter = even}); });
    const auto zero = s.topic.publish({.data = "0"});
    const auto two = s.topic.publish({.data = "2"});
    for (const auto* data : {"3", "5"}) s.topic.publish({.data = data});
    CHECK(s.join(two, "/even").status() == status::ok); // it is open still
    asked = 0;
    s.topic.close();
    CHECK(s.join(two, "/even").status() == status::no_content);
    CHECK(asked == 2);
    auto behind = s.join(zero, "/even");
    CHECK(words(behind.events()) == "2");
    CHECK(behind.complete());
}

TEST_CASE("a filter that throws there is a handler that throws") {
    closing s;
    const auto broken = [](const published_event&) -> bool {
        throw std::runtime_error{"the filter is broken"};
    };
    s.routes.get("/broken", [&](request& r) { return s.topic.subscribe(r, {.filter = broken}); });
    const auto first = s.topic.publish({.data = "1"});
    s.topic.publish({.data = "2"});
    s.topic.close();
    CHECK(s.join(first, "/broken").status() == status::internal_server_error);
    CHECK(s.log.errors == 1);
}

TEST_CASE("of several topics all must be closed, and the client must have all of each") {
    rill::topic one, two;
    site s;
    s.routes.get("/", [&](request& r) { return rill::subscribe(std::array{&one, &two}, r); });
    auto reply = s.send("GET", "/");
    one.publish({.data = "1"});
    two.publish({.data = "2"});
    s.server().run();
    REQUIRE(reply.events().size() == 2);
    const auto half = reply.events()[0].last_event_id;
    const auto all = reply.events()[1].last_event_id;
    const auto join = [&](const std::string& id) {
        return s.send("GET", "/", {{"Last-Event-ID", id}}).status();
    };
    one.close();
    CHECK(join(all) == status::ok);
    two.close();
    CHECK(join(half) == status::ok);
    CHECK(join(all) == status::no_content);
}

TEST_CASE("with the newest of each key, who has them is at the end") {
    closing s{{.keep_events = 2, .policy = rill::lag_policy::latest}};
    const auto before = s.topic.publish({.data = "a1"}, {.key = "a"});
    for (const auto* data : {"b1", "b2", "b3"}) s.topic.publish({.data = data}, {.key = "b"});
    const auto last = s.topic.publish({.data = "b4"}, {.key = "b"});
    s.topic.close();
    CHECK(s.join(last).status() == status::no_content);
    CHECK(s.join(before).status() == status::ok);
    auto all = s.send("GET", "/all");
    CHECK(words(all.events()) == "a1 b4");
    CHECK(s.join(all.last_event_id()).status() == status::no_content);
}
