// A broadcast server for anyone with curl: what is posted to a topic goes to all who read it, and is kept for
// a while for those who come later or come back. GET / is a page to watch and to publish.
//
//     hub --keep-age 24h
//     curl -N localhost:5800/topics/news
//     curl -N 'localhost:5800/topics/news,weather?start=earliest'
//     curl -d 'Rain, later.' localhost:5800/topics/weather
//     curl --json '{"event": "alarm", "data": "Rain, now."}' localhost:5800/topics/weather
//     curl localhost:5800/topics
//     curl 'localhost:5800/topics?after=news&limit=100'
#include <rill/rill.hpp>

#include "listing.hpp"
#include "page.hpp"
#include "problem.hpp"
#include "publication.hpp"
#include "support/command_line.hpp"
#include "support/page.hpp"
#include "topic_quota.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// The names in a path: one, or several with commas between them.
std::vector<std::string_view> names_in(std::string_view path) {
    std::vector<std::string_view> names;
    for (auto left = path;;) {
        const auto end = std::min(left.find(','), left.size());
        const auto name = left.substr(0, end);
        if (std::ranges::find(names, name) != names.end())
            throw rill::http_error{rill::status::bad_request, "a topic is named twice"};
        if (names.size() == rill::most_topics_followed)
            throw rill::http_error{rill::status::bad_request, "there are more than eight topics"};
        names.push_back(name);
        if (end == left.size()) return names;
        left.remove_prefix(end + 1);
    }
}

/// GET /topics/{topic}: goes on after Last-Event-ID, else with what comes next, or with all there is.
rill::subscription follow(rill::topics& topics, const rill::request& request) {
    rill::subscribe_options options;
    if (const auto start = request.query("start")) {
        if (*start != "earliest")
            throw rill::http_error{rill::status::bad_request, "the start can only be 'earliest'"};
        options.start = rill::start::earliest;
    }
    const auto path = request.param("topic");
    return topics.subscribe(names_in(path), request, options);
}

/// POST /topics/{topic}: the id of the event is in the answer's head.
rill::task<rill::response> publish(rill::topics& topics, hub::topic_quota& quota, rill::request& request) {
    const auto publication = hub::read_publication(request, co_await request.text());
    const auto name = request.param("topic");
    if (name.find(',') != name.npos)
        throw rill::http_error{rill::status::bad_request,
                               "an event is for one topic, without a comma in its name"};
    const auto topic = topics.open(name);
    const bool begins = topic->statistics().events == 0;
    if (begins) quota.take(request.client_address());
    try {
        const auto id = topic->publish(publication.event(), publication.options());
        co_return rill::response{rill::status::no_content}.set("Last-Event-ID", id);
    } catch (...) {
        if (begins) quota.give_back(request.client_address());
        throw;
    }
}

} // namespace

int main(int argc, char** argv) {
    rill::topics_options options{
        .each = {.keep_events = 10'000, .keep_bytes = std::size_t{16} << 20, .keep_age = 1h},
        .max_topics = 10'000,
    };
    auto& each = options.each;
    std::size_t max_body = std::size_t{8} << 20;
    std::size_t new_topics = 2'500;
    demo::command_line command_line{
        "Broadcast: POST /topics/{topic} publishes, GET /topics/{topic} streams."};
    command_line.count("--keep-events", each.keep_events, 10'000'000, "how many events a topic keeps");
    command_line.size("--keep-bytes", each.keep_bytes, "how many bytes of them");
    command_line.time("--keep-age", each.keep_age, "for how long");
    command_line.count("--max-topics", options.max_topics, 1'000'000, "how many topics may have events");
    command_line.size("--max-bytes", options.max_bytes, "how much memory all topics may take");
    command_line.count("--new-topics", new_topics, 1'000'000,
                       "how many of them a client may begin in the time that they are kept");
    command_line.size("--max-body", max_body, "the largest body to publish");
    command_line.choice("--policy", each.policy,
                        {{"disconnect", rill::lag_policy::disconnect},
                         {"skip", rill::lag_policy::skip},
                         {"latest", rill::lag_policy::latest}},
                        "what happens to subscribers that fall behind");
    if (const auto exit_code = command_line.parse(argc, argv)) return *exit_code;

    rill::topics topics{options};
    hub::listing listing{topics};
    hub::topic_quota quota{new_topics, each.keep_age};
    rill::router routes;
    routes.use(hub::explain);
    routes.use(command_line.guard());
    routes.get("/healthz", rill::health);
    routes.get("/", [](rill::request&) { return demo::page(page); });
    routes.get("/topics", [&listing](rill::request& request) { return listing.answer(request); });
    routes.get("/topics/{topic}", [&topics](rill::request& request) { return follow(topics, request); });
    routes.post("/topics/{topic}", [&](rill::request& request) { return publish(topics, quota, request); },
                {.max_body = max_body});
    return rill::serve(routes, command_line.options());
}
