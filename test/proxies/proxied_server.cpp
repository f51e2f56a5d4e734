// What the tests of proxies read through them. It prints its URL, and takes the milliseconds of silence after
// which a comment is sent: `proxied_server 3000`.
//
//     /handler   a stream whose handler waits for ever
//     /topic     a subscription, of which nothing comes
//     /open      how many of both there are
#include <rill/rill.hpp>

#include <atomic>
#include <charconv>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

int main(int count, char** arguments) {
    const std::string_view given = count > 1 ? arguments[1] : "15000";
    unsigned milliseconds = 0;
    std::from_chars(given.data(), given.data() + given.size(), milliseconds);
    const rill::route_options options{.keep_alive = std::chrono::milliseconds{milliseconds}};

    std::atomic<std::size_t> open = 0;
    rill::topic quiet;
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
        .get("/open", [&](rill::request&) {
            return rill::response::text(std::to_string(open + quiet.statistics().subscribers));
        });
    return rill::serve(routes, {.port = 0, .threads = 1});
}
