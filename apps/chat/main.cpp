// A chat: GET /chat streams what is said, POST /chat/{id} says something, GET / is a page that does both.
//
//     chat --history 100
//     curl -N localhost:5800/chat                # the first event says who you are: user 1
//     curl localhost:5800/chat/1 -d 'Hello!'     # for all but user 1: <User#1>: Hello!
//     curl -N 'localhost:5800/chat?name=Ada'     # who says <Ada>: ...
//     curl -X PUT localhost:5800/chat/2/name -d 'Ada Lovelace'
//
// Those are users without a secret: who guesses an id may speak for it. A client that draws a `token` and
// brings it with each request, as the page does, is the same user when it comes back, nobody else speaks for
// it, and it is told who else is here:
//
//     curl -N 'localhost:5800/chat?token=f00'                # events: user, here, join, leave, name, message
//     curl 'localhost:5800/chat/3?token=f00' -d 'Hello!'
#include <rill/rill.hpp>

#include "page.hpp"
#include "room.hpp"
#include "support/command_line.hpp"
#include "support/page.hpp"
#include "words.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

using namespace std::chrono_literals;

namespace {

chat::caller caller_of(const rill::request& request) {
    chat::caller from;
    from.token = request.query("token").value_or("");
    from.page = request.query<std::uint64_t>("page");
    return from;
}

/// What is said, from the history on, or from where the client was when it lost the connection.
rill::event_stream listen(rill::request& request, chat::room& room) {
    const auto from = caller_of(request);
    const auto visit = room.enter(from, request.query("name"));
    // First the place in the logs, then the list: whoever comes in between is in both rather than in neither.
    auto news = room.listen(request, from, visit.user());
    co_yield {.name = "user", .data = std::to_string(visit.user())};
    if (!from.token.empty()) co_yield {.name = "here", .data = room.here(), .retry = 1s};
    co_yield rill::elements_of(std::move(news));
}

rill::task<rill::response> say(rill::request& request, chat::room& room) {
    const auto user = request.param<chat::user_id>("id");
    const auto text = co_await request.text();
    room.say(user, caller_of(request), request.query("key").value_or(""), text);
    co_return rill::status::no_content;
}

rill::task<rill::response> rename(rill::request& request, chat::room& room) {
    const auto user = request.param<chat::user_id>("id");
    const auto name = co_await request.text();
    room.rename(user, caller_of(request), name);
    co_return rill::status::no_content;
}

} // namespace

int main(int argc, char** argv) {
    std::size_t history = 100;
    demo::command_line command_line{"A chat: GET / is its page, GET /chat its stream."};
    command_line.count("--history", history, 10'000, "how many messages are kept");
    if (const auto exit_code = command_line.parse(argc, argv)) return *exit_code;

    chat::room room{history};
    rill::router routes;
    routes.use(command_line.guard());
    routes.get("/healthz", rill::health);
    routes.get("/", [](rill::request&) { return demo::page(page); })
        .get("/chat", [&room](rill::request& request) { return listen(request, room); })
        .post("/chat/{id}", [&room](rill::request& request) { return say(request, room); },
              {.max_body = chat::most_text_bytes})
        .put("/chat/{id}/name", [&room](rill::request& request) { return rename(request, room); },
             {.max_body = 1024});
    return rill::serve(routes, command_line.options());
}
