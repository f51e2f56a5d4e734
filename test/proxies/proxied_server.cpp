// What the tests of proxies read through them. It prints its URL. It takes the milliseconds of silence after
// which a comment is sent (0: none is), and those after which it closes a connection without a request:
// `proxied_server 3000 60000`.
//
//     /handler   a stream whose handler waits for ever
//     /topic     a subscription, of which nothing comes
//     /open      how many of both there are
//     /ticks     each 100 ms an event with the nanoseconds of the monotonic clock
//     /room      a subscription to what is posted there
//     /torn      a stream whose handler throws after its first event
//     /slow      an answer that takes a second
//     /fields    the head of the request, as text
//     /whoami    the client's address, scheme and host, as the proxies at 127.0.0.1 and 127.0.0.3 say; the
//     latter
//                begins with a header of the PROXY protocol
//     /echo      GET answers how many POSTs there were, POST its body
#include <rill/rill.hpp>

#include <atomic>
#include <charconv>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

namespace {

std::chrono::milliseconds given(int count, char** arguments, int at, std::chrono::milliseconds otherwise) {
    if (count <= at) return otherwise;
    const std::string_view text = arguments[at];
    unsigned milliseconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), milliseconds);
    return std::chrono::milliseconds{milliseconds};
}

rill::event_stream ticks(rill::request&) {
    for (;;) {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        co_yield {.data = std::to_string(std::chrono::nanoseconds{now}.count())};
        co_await rill::sleep_for(100ms);
    }
}

rill::event_stream torn(rill::request&) {
    co_yield {.data = "half of it"};
    co_await rill::sleep_for(200ms);
    throw std::runtime_error{"the stream is torn, as it should be"};
}

rill::task<rill::response> slow(rill::request&) {
    co_await rill::sleep_for(1s);
    co_return rill::response::text("at last");
}

rill::response fields(rill::request& request) {
    std::string text;
    for (const auto& [name, value] : request.fields()) text.append(name).append(": ").append(value) += '\n';
    return rill::response::text(text);
}

rill::response whoami(rill::request& request) {
    return rill::response::text(request.client_address() + ' ' + std::string{request.scheme()} + ' ' +
                                std::string{request.host()});
}

} // namespace

int main(int count, char** arguments) {
    const rill::route_options options{.keep_alive = given(count, arguments, 1, 15s)};

    std::atomic<std::size_t> open = 0;
    std::atomic<std::size_t> posts = 0;
    rill::topic quiet;
    rill::topic room;
    rill::router routes;
    routes
        .get(
            "/handler",
            [&open](rill::request&) -> rill::event_stream {
                ++open;
                const std::shared_ptr<void> local{nullptr, [&open](auto) { --open; }};
                co_yield {.data = "hello"};
                co_await rill::sleep_for(24h);
            },
            options)
        .get(
            "/topic", [&quiet](rill::request& request) { return quiet.subscribe(request); }, options)
        .get("/open",
             [&](rill::request&) {
                 return rill::response::text(std::to_string(open + quiet.statistics().subscribers));
             })
        .get("/ticks", ticks, options)
        .get(
            "/room", [&room](rill::request& request) { return room.subscribe(request); }, options)
        .post("/room",
              [&room](rill::request& request) -> rill::task<rill::response> {
                  const auto text = co_await request.text();
                  room.publish({.data = text});
                  co_return rill::status::no_content;
              })
        .get("/torn", torn, options)
        .get("/slow", slow)
        .get("/fields", fields)
        .get("/whoami", whoami)
        .get("/echo", [&posts](rill::request&) { return rill::response::text(std::to_string(posts)); })
        .post("/echo", [&posts](rill::request& request) -> rill::task<rill::response> {
            ++posts;
            co_return rill::response::text(co_await request.text());
        });
    return rill::serve(routes, {.port = 0,
                                .threads = 1,
                                .proxy_protocol = "127.0.0.3",
                                .trust_proxy = "127.0.0.1,127.0.0.3",
                                .limits = {.idle_timeout = given(count, arguments, 2, 1h + 1min)}});
}
