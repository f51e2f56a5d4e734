// Streams for the tests of browsers and of other EventSources. Each shows one thing; all come back quickly.
#include <rill/rill.hpp>

#include "model_streams.hpp"
#include "support/command_line.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

namespace {

constexpr auto retry = 50ms;

/// Opens, and says something after a good while.
rill::event_stream late(rill::request&) {
    co_await rill::sleep_for(700ms);
    co_yield {.data = "at last"};
    co_await rill::sleep_for(1h);
}

/// Two events, and many keep-alives between them.
rill::event_stream quiet(rill::request&) {
    co_yield {.id = "before", .data = R"({"jsonrpc":"2.0","method":"before"})"};
    co_await rill::sleep_for(400ms);
    co_yield {.data = R"({"jsonrpc":"2.0","method":"after"})"};
    co_await rill::sleep_for(1h);
}

/// All that an event can have in it.
rill::event_stream kinds(rill::request&) {
    co_yield {.data = "plain"};
    co_yield {.name = "greeting", .data = "named"};
    co_yield {.id = "a", .data = "with an id"};
    co_yield {.data = "after an id"};
    co_yield {.data = "one\ntwo\r\n\nfour\n"};
    co_yield {.data = "  spaces  "};
    co_yield {.data = ": no comment"};
    co_yield {.comment = "a comment"};
    co_yield {.data = ""};
    co_yield {.id = "žluť 🐎", .data = "příliš žluťoučký kůň, 漢字, 🐎, \u2028\u0085\ufeff"};
    co_yield {.id = "", .name = "greeting", .data = "no id any more"};
    co_yield {.name = "end", .data = "."};
    co_await rill::sleep_for(1h);
}

/// Counts on after the client's last event; the connection goes after every `?events`, as `?end` says: return
/// or throw.
rill::event_stream count(rill::request& request) {
    const auto events = request.query<std::uint64_t>("events").value_or(3);
    const auto throws = request.query("end") == "throw";
    co_yield {.retry = retry};
    const auto last = rill::parse<std::uint64_t>(request.last_event_id()).value_or(0);
    for (auto n = last + 1; n <= last + events; ++n) {
        const auto number = std::to_string(n);
        co_yield {.id = number, .data = number};
        if (n % 2 == 0) co_await rill::sleep_for(5ms); // some come together, some alone
    }
    if (throws) throw std::runtime_error{"as asked for"};
}

/// A checkpoint and the end; then what the client made of it.
rill::event_stream checkpoint(rill::request& request) {
    const auto last = request.last_event_id();
    if (last.empty()) {
        co_yield {.id = "here", .retry = retry};
        co_return;
    }
    co_yield {.data = last};
    co_await rill::sleep_for(1h);
}

/// A place, and the connection goes: that brings all of them back.
rill::event_stream place(rill::request&) {
    co_yield {.id = "place", .retry = retry};
    co_await rill::sleep_for(50ms); // it is on its way
    throw std::runtime_error{"as asked for"};
}

/// The id that the client came with.
rill::event_stream came_with(rill::request& request) {
    const auto note = R"({"jsonrpc":"2.0","method":")" + request.last_event_id() + R"("})";
    co_yield {.data = note};
    co_await rill::sleep_for(1h);
}

rill::event_stream one(rill::request&) {
    co_yield {.id = "1", .data = "the only one", .retry = retry};
}

rill::event_stream nothing_but_failure(rill::request&) {
    throw std::runtime_error{"before the first event"};
    co_return;
}

} // namespace

int main(int argc, char** argv) {
    demo::command_line command_line{"Streams for tests of EventSources."};
    if (const auto exit_code = command_line.parse(argc, argv)) return *exit_code;

    std::map<std::string, std::atomic<int>, std::less<>> asked; // how often for these paths
    asked["/count"] = asked["/once"] = 0;
    std::mutex lock;
    std::map<std::string, int, std::less<>> asked_by; // how often by these clients
    rill::router routes;
    routes.use([&asked](rill::request& request, rill::next next) -> rill::task<rill::response> {
        if (const auto found = asked.find(request.path()); found != asked.end()) ++found->second;
        co_return co_await next(request);
    });
    routes
        .get("/", [](rill::request&) { return rill::response::html("<!doctype html><title>events</title>"); })
        .get("/late", late)
        .get("/quiet", quiet, {.keep_alive = 40ms})
        .get("/kinds", kinds)
        .get("/count", count)
        .get("/checkpoint", checkpoint)
        .get("/failure", nothing_but_failure)
        // One event for a new client; to one that comes back: that is all there is.
        .get("/once",
             [](rill::request& request) -> rill::response {
                 if (request.last_event_id().empty()) return one(request);
                 return rill::status::no_content;
             })
        // A place for each new ?client, then a refusal that is only for now, then the id that it came back
        // with.
        .get("/busy",
             [&asked_by, &lock](rill::request& request) -> rill::response {
                 const std::scoped_lock locked{lock};
                 switch (++asked_by[request.query("client").value_or("")]) {
                 case 1: return place(request);
                 case 2:
                     throw rill::http_error{rill::status::service_unavailable, "busy"}.with("Retry-After",
                                                                                            "1");
                 default: return came_with(request);
                 }
             })
        .get("/asked", [&asked](rill::request& request) {
            const auto found = asked.find(request.query("path").value_or(""));
            return rill::response::text(std::to_string(found == asked.end() ? -1 : found->second.load()));
        });
    add_model_streams(routes);
    return rill::serve(routes, command_line.options());
}
