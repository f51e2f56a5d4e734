// What a client is told of what topics refuse, where the handler does not say it itself.
#include <rill/topic/error.hpp>
#include <rill/topic/topics.hpp>

#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>

using namespace std::chrono_literals;
using rill::request;
using rill::response;
using rill::topic_errc;
using rill::topic_error;

namespace {

/// What the client gets of a handler that calls `act`.
std::string answer_to(const std::function<void()>& act, site::headers fields = {}) {
    site s;
    s.routes.get("/", [&](request&) { return act(), response{}; });
    auto answer = s.get("/", fields);
    CHECK(s.log.lines.empty());
    return answer;
}

} // namespace

TEST_CASE("what a topic refuses of an event is the client's fault, and no failure of the handler") {
    rill::topic topic{{.keep_bytes = 200}};
    topic.publish({.id = "own", .data = "x"});
    const auto publish = [&](const rill::event& e, const rill::publish_options& options = {}) {
        return answer_to([&] { topic.publish(e, options); }).substr(0, 4);
    };
    CHECK(publish({.data = std::string(200, 'x')}) == "413 ");
    CHECK(publish({.id = "own", .data = "x"}) == "409 ");
    CHECK(publish({.id = "a,b", .data = "x"}) == "400 ");
    CHECK(publish({.data = "x"}, {.key = "\xFF"}) == "400 ");
    CHECK(publish({.name = "gap", .data = "x"}) == "400 ");
    CHECK(publish({.data = "x", .retry = 1ms}) == "400 ");
    CHECK(publish({}) == "400 ");
    CHECK(publish({.data = "\xFF"}) == "400 ");
    CHECK(publish({.name = "a\nb"}) == "400 ");
    CHECK(publish({.data = "fine"}) == "200 ");
    topic.close();
    CHECK(publish({.data = "x"}) == "409 ");
}

TEST_CASE("the words of the refusal go to the client") {
    rill::topic topic;
    topic.close();
    CHECK(answer_to([&] { topic.publish({.data = "x"}); }) == "409 the topic is closed");
}

TEST_CASE("a name that is not allowed is 400, too many topics are 503 with the time to come back") {
    rill::topics registry{{.max_topics = 1}};
    const auto held = registry.open("held");
    held->publish({.data = "x"});
    CHECK(answer_to([&] { static_cast<void>(registry.open("")); }).starts_with("400 "));
    site s;
    s.routes.get("/", [&](request&) { return registry.open("more")->publish({.data = "x"}), response{}; });
    auto reply = s.send("GET", "/");
    CHECK(reply.status() == rill::status::service_unavailable);
    CHECK(reply.fields().find("Retry-After") == "5");
    CHECK(s.log.lines.empty());
}

TEST_CASE("a browser is told of too many subscribers inside a stream, others by the status") {
    rill::topic topic{{.max_subscribers = 1}};
    const auto only = topic.subscribe();
    site s;
    s.routes.get("/", [&](request& r) { return topic.subscribe(r); });
    s.routes.get("/yielded",
                 [&](request& r) -> rill::event_stream { co_yield rill::elements_of(topic.subscribe(r)); });
    for (const auto* path : {"/", "/yielded"}) {
        CAPTURE(path);
        CHECK(s.send("GET", path).status() == rill::status::service_unavailable);
        auto reply = s.send("GET", path, {{"Accept", "text/event-stream"}});
        CHECK(reply.status() == rill::status::ok);
        REQUIRE(reply.events().size() == 1);
        CHECK(reply.events()[0].type == "refused");
        CHECK(reply.events()[0].data == R"({"status":503,"reason":"the topic has too many subscribers"})");
        CHECK(reply.complete());
    }
}

TEST_CASE("a topic_error has the code of what it was made of") {
    CHECK(topic_error{topic_errc::closed}.code() == topic_errc::closed);
    CHECK(topic_error{topic_errc::closed}.to_http_error().code() == rill::status::conflict);
    const rill::error why{rill::sse_errc::nul_in_id};
    CHECK(topic_error{why}.code() == rill::sse_errc::nul_in_id);
    CHECK(topic_error{why}.what() == std::string{why.what()});
    CHECK(topic_error{why}.to_http_error().code() == rill::status::bad_request);
}

TEST_CASE("names of Rill's own are refused whole, and only those") {
    rill::topic topic;
    for (const auto* name : {"checkpoint", "gap", "refused"})
        CHECK(refusal_of([&] { topic.publish({.name = name, .data = "{}"}); }) == topic_errc::name_reserved);
    for (const auto* name : {"Gap", "gaps", "gap ", "check", "refuse", ""})
        CHECK_NOTHROW(topic.publish({.name = name, .data = "x"}));
}

TEST_CASE("the name of an event may have 256 bytes") {
    rill::topic topic;
    CHECK_NOTHROW(topic.publish({.name = std::string(256, 'n'), .data = "x"}));
    CHECK(refusal_of([&] { topic.publish({.name = std::string(257, 'n'), .data = "x"}); }) ==
          topic_errc::event_name_too_long);
}

TEST_CASE("a handler's own events may have those names") {
    site s;
    s.routes.get("/", [](request&) -> rill::event_stream { co_yield {.name = "gap", .data = "{}"}; });
    CHECK(s.send("GET", "/").events().at(0).type == "gap");
}

TEST_CASE("the time to wait that a publisher gives is bounded") {
    rill::topic topic;
    for (const auto retry : {0ms, 1ms, 99ms, 600'001ms, std::chrono::milliseconds::max()})
        CHECK(refusal_of([&] { topic.publish({.data = "x", .retry = retry}); }) ==
              topic_errc::retry_not_allowed);
    for (const auto retry : {100ms, 101ms, 600'000ms})
        CHECK_NOTHROW(topic.publish({.data = "x", .retry = retry}));
    CHECK(topic.statistics().published == 3);
}
