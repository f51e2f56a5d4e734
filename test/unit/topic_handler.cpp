// Subscriptions as what handlers return and yield.
#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

using namespace std::chrono_literals;
using rill::elements_of;
using rill::event_stream;
using rill::request;
using rill::response;
using rill::task;

namespace {

/// Tells of its death.
class local {
public:
    local(std::string& log, char name) : log_{log}, name_{name} {}
    local(const local&) = delete;
    local& operator=(const local&) = delete;
    ~local() { log_ += name_; }

private:
    std::string& log_;
    char name_;
};

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("every form of a handler may answer with a subscription") {
    room s;
    s.web.routes.get("/response", [&](request& r) -> response { return s.topic.subscribe(r); })
        .get("/elements", [&](request& r) -> response { return elements_of(s.topic.subscribe(r)); })
        .get("/task",
             [&](request& r) -> task<response> {
                 co_await rill::sleep_for(1s);
                 co_return s.topic.subscribe(r);
             })
        .get("/yielded", [&](request& r) -> event_stream { co_yield elements_of(s.topic.subscribe(r)); });
    const auto first = s.count(1, 1);
    s.count(2, 2);
    for (const auto* path : {"/", "/response", "/elements", "/task", "/yielded"}) {
        CAPTURE(path);
        auto reply = s.join(first, path);
        s.web.server().advance(1s);
        CHECK(reply.status() == rill::status::ok);
        CHECK(reply.fields().find("Content-Type") == "text/event-stream");
        CHECK(reply.body().starts_with(fmt::format("id: {}\nevent: checkpoint\ndata: {{}}\n\n", first)));
        CHECK(words(reply.events()) == "2");
        s.topic.publish({.comment = "live"});
        s.web.server().run();
        CHECK(reply.body().ends_with("live\nid: " + reply.body().substr(reply.body().rfind("id: ") + 4)));
        CHECK(s.topic.statistics().subscribers == 1);
        reply.close();
        CHECK(s.topic.statistics().subscribers == 0);
        CHECK(s.web.server().connections() == 0);
    }
}

TEST_CASE("a response that carries a subscription has the fields and the status that it is given") {
    room s;
    s.web.routes.get("/set", [&](request& r) {
        return response{elements_of(s.topic.subscribe(r))}.set("Set-Cookie", "seen=1");
    });
    auto reply = s.join({}, "/set");
    CHECK(reply.fields().find("Set-Cookie") == "seen=1");
    CHECK(reply.fields().find("X-Accel-Buffering") == "no");
    s.count(1, 1);
    CHECK(words(reply.events()) == "1");
}

TEST_CASE("a handler yields before, between and after the events of topics") {
    room s;
    std::optional<rill::topic> second{std::in_place};
    s.web.routes.get("/tour", [&](request& r) -> event_stream {
        co_yield {.data = "welcome"};
        co_yield elements_of(s.topic.subscribe(r));
        co_yield {.data = "and now"};
        co_await rill::sleep_for(1s);
        co_yield elements_of(second->subscribe());
        co_yield {.data = "goodbye"};
    });
    auto reply = s.join({}, "/tour");
    CHECK(words(reply.events()) == "welcome");
    CHECK(reply.connection().writes() <= 2); // the checkpoint behind it, too
    CHECK(has(reply.body(), "data: welcome\n\nid: "));
    s.count(1, 2);
    CHECK(words(reply.events()) == "welcome 1 2");
    s.topic.close();
    s.web.server().run();
    CHECK(words(reply.events()) == "welcome 1 2 and now");
    s.web.server().advance(1s);
    second->publish({.data = "3"});
    s.web.server().run();
    CHECK(words(reply.events()) == "welcome 1 2 and now 3");
    CHECK_FALSE(reply.complete());
    second.reset();
    s.web.server().run();
    CHECK(words(reply.events()) == "welcome 1 2 and now 3 goodbye");
    CHECK(reply.complete());
}

TEST_CASE("what a handler yields right before a subscription leaves with what that has to say") {
    room s;
    s.web.routes.get("/burst", [&](request& r) -> event_stream {
        for (int n = 0; n < 10; ++n) co_yield {.data = "before"};
        co_yield elements_of(s.topic.subscribe(r, {.start = rill::start::earliest}));
        co_yield {.data = "after"};
    });
    s.count(1, 100);
    s.topic.close();
    auto reply = s.join({}, "/burst");
    REQUIRE(reply.complete());
    CHECK(reply.events().size() == 111);
    CHECK(reply.events().front().data == "before");
    CHECK(reply.events()[10].data == "1");
    CHECK(reply.events().back().data == "after");
    CHECK(reply.connection().writes() <= 4);
}

TEST_CASE("the example of the header works: who speaks does not hear itself") {
    rill::topic chat{{.keep_events = 100}};
    std::uint64_t next_user = 1;
    site s;
    s.routes
        .get("/chat",
             [&](request& r) -> event_stream {
                 const auto me = next_user++;
                 co_yield {.name = "user", .data = std::to_string(me)};
                 co_yield elements_of(chat.subscribe(r, {.except_from = me}));
             })
        .post("/chat/{id}", [&](request& r) -> task<response> {
            const auto text = co_await r.text();
            chat.publish({.data = text}, {.from = r.param<std::uint64_t>("id")});
            co_return rill::status::no_content;
        });
    auto one = s.send("GET", "/chat"), two = s.send("GET", "/chat");
    CHECK(s.ask("POST", "/chat/1", "hello") == "204 ");
    CHECK(s.ask("POST", "/chat/2", "hi") == "204 ");
    CHECK(s.ask("POST", "/chat/x", "junk").starts_with("400"));
    CHECK(words(one.events()) == "user1 hi");
    CHECK(words(two.events()) == "user2 hello");
}

TEST_CASE("the locals of a handler that yields a subscription die when its client leaves") {
    std::string log;
    room s;
    s.web.routes.get("/held", [&](request& r) -> event_stream {
        const local a{log, 'a'};
        try {
            const local b{log, 'b'};
            co_yield elements_of(s.topic.subscribe(r));
            log += '!';
        } catch (...) {
            log += '?';
        }
        log += '!';
    });
    auto reply = s.join({}, "/held");
    s.count(1, 1);
    CHECK(log.empty());
    SUBCASE("by closing") {
        reply.close();
    }
    SUBCASE("by finishing its side") {
        reply.connection().finish();
    }
    SUBCASE("when it is behind") {
        reply.connection().window(0);
        s.count(2, 100);
        reply.close();
    }
    SUBCASE("in the turn that has news for it") {
        s.topic.publish({.data = "2"});
        reply.close();
    }
    CHECK(log == "ba");
    CHECK(s.web.server().connections() == 0);
    CHECK(s.topic.statistics().subscribers == 0);
    CHECK(s.web.log.lines.empty());
}

TEST_CASE("a handler goes on behind its co_yield when the topic closes, and its locals die at its end") {
    std::string log;
    room s;
    s.web.routes.get("/held", [&](request& r) -> event_stream {
        const local a{log, 'a'};
        co_yield elements_of(s.topic.subscribe(r));
        log += s.topic.statistics().subscribers == 0 ? "left " : "still there "; // the temporary has gone
        co_await rill::sleep_for(1s);
        log += "end ";
    });
    auto reply = s.join({}, "/held");
    s.topic.close();
    s.web.server().run();
    CHECK(log == "left ");
    CHECK_FALSE(reply.complete());
    s.web.server().advance(1s);
    CHECK(log == "left end a");
    CHECK(reply.complete());
}

TEST_CASE("the locals of a handler that yields a subscription die when the server drains, or goes") {
    std::string log;
    rill::topic topic;
    rill::router routes;
    const auto held = [&](request& r) -> event_stream {
        const local a{log, 'a'};
        co_yield elements_of(topic.subscribe(r));
        log += "on ";
    };
    routes.get("/now", held).get("/finish", held, {.drain = rill::drain::let_finish});
    auto server = std::make_unique<rill::testing::server>(routes);
    SUBCASE("at once") {
        auto reply = server->get("/now");
        server->drain();
        CHECK(log == "a");
        CHECK(reply.complete());
    }
    SUBCASE("or when the topic closes, if the route may finish") {
        auto reply = server->get("/finish");
        server->drain();
        CHECK(log.empty());
        topic.publish({.data = "1"});
        server->run();
        CHECK(words(reply.events()) == "1");
        topic.close();
        server->run();
        CHECK(log == "on a");
        CHECK(reply.complete());
    }
    SUBCASE("without draining") {
        auto one = server->get("/now"), two = server->get("/finish");
        server.reset();
        CHECK(log == "aa");
        CHECK(one.cut());
    }
    server.reset();
    CHECK(topic.statistics().subscribers == 0);
    if (topic.statistics().published == 0) topic.publish({.data = "nobody is there"});
}

TEST_CASE("a subscription that is yielded throws into its handler what its filter throws") {
    room s;
    const auto bad = [](const rill::published_event& e) {
        if (e.event.data == "2") throw std::runtime_error{"no"};
        return true;
    };
    s.web.routes.get("/caught", [&](request& r) -> event_stream {
        std::string what;
        try {
            co_yield elements_of(s.topic.subscribe(r, {.filter = bad}));
        } catch (const std::runtime_error& e) {
            what = e.what();
        }
        co_yield {.data = what};
    });
    auto reply = s.join({}, "/caught");
    s.count(1, 3);
    CHECK(words(reply.events()) == "1 no");
    CHECK(reply.complete());
    CHECK(s.web.log.lines.empty());
}

TEST_CASE("a request that cannot subscribe is refused before the head goes out") {
    room s{{.max_subscribers = 1}};
    s.web.routes.get("/yielded",
                     [&](request& r) -> event_stream { co_yield elements_of(s.topic.subscribe(r)); });
    const auto there = s.topic.subscribe();
    CHECK(s.join({}, "/yielded").status() == rill::status::service_unavailable);
    CHECK(s.join(std::string(300, 'x'), "/yielded").status() == rill::status::bad_request);
}

TEST_CASE("a handler may publish to the topic that it yields") {
    room s;
    s.web.routes.get("/hello", [&](request& r) -> event_stream {
        auto news = s.topic.subscribe(r);
        s.topic.publish({.data = "somebody came"});
        co_yield elements_of(std::move(news));
    });
    auto one = s.join({}, "/hello");
    CHECK(words(one.events()) == "somebody came");
    auto two = s.join({}, "/hello");
    CHECK(words(one.events()) == "somebody came somebody came");
    CHECK(words(two.events()) == "somebody came");
}

TEST_CASE("a handler may read some events itself and pass on the rest") {
    room s;
    s.web.routes.get("/rest", [&](request& r) -> event_stream {
        auto news = s.topic.subscribe(r);
        const auto* const first = co_await news.next();
        co_yield {.name = "first", .data = first->data};
        co_yield elements_of(std::move(news));
    });
    auto reply = s.join({}, "/rest");
    for (const auto* text : {"1", "2", "3"}) s.topic.publish({.data = text});
    s.web.server().run();
    s.count(4, 4);
    CHECK(words(reply.events()) == "first1 2 3 4");
}
