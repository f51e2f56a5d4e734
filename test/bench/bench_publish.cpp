// What it costs to publish: nanoseconds per event with nobody there, and with a thousand subscribers, whose
// connections are served by transports that take everything and do nothing. The baseline is the encoding
// alone.
#include <rill/net/detail/shard.hpp>
#include <rill/rill.hpp>
#include <rill/sse/encode.hpp>

#include "figures.hpp"
#include "null_transport.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int runs = 7;
constexpr std::size_t subscribers = 1'000;
constexpr std::string_view token = "tokentokentokentoken";
constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: bench\r\n\r\n";

/// The encoding alone, with an id of the length that a topic's ids have.
double encoding() {
    constexpr int events = 1'000'000;
    std::string out;
    return nanoseconds([&] {
               for (int i = 0; i < events; ++i) {
                   if (out.size() > 32'768) out.clear();
                   rill::encode(out, {.id = "0123456789ab-123456", .data = token});
               }
           }) /
           events;
}

double to_nobody() {
    constexpr int events = 1'000'000;
    rill::topic topic;
    return nanoseconds([&] {
               for (int i = 0; i < events; ++i) topic.publish({.data = token});
           }) /
           events;
}

/// With subscribers: what the publisher spends on an event, and what the event loop spends on handing it, or
/// a burst of them, to one subscriber.
struct cost {
    double publishing = 0, delivering = 0;
};
cost to_many(int burst) {
    rill::topic topic;
    rill::router routes;
    routes.get("/", [&topic](rill::request& r) { return topic.subscribe(r); });
    const rill::detail::service common{routes, {}};
    rill::detail::shard shard{common};
    std::size_t bytes = 0;
    for (std::size_t n = 0; n < subscribers; ++n) {
        shard.expect_connection();
        shard.open(std::make_unique<null_transport>(shard.context(), request, bytes));
    }
    shard.context().poll();
    if (topic.statistics().subscribers != subscribers) std::abort();

    constexpr int rounds = 200;
    cost all;
    for (int round = 0; round < rounds; ++round) {
        all.publishing += nanoseconds([&] {
            for (int i = 0; i < burst; ++i) topic.publish({.data = token});
        });
        all.delivering += nanoseconds([&] {
            shard.context().restart();
            shard.context().poll();
        });
    }
    if (topic.statistics().delivered != topic.statistics().published * subscribers) std::abort();
    all.publishing /= rounds * burst;
    all.delivering /= rounds * static_cast<double>(subscribers);
    return all;
}

cost median_of(int burst) {
    std::vector<double> publishing, delivering;
    for (int run = 0; run < runs; ++run) {
        const auto each = to_many(burst);
        publishing.push_back(each.publishing);
        delivering.push_back(each.delivering);
    }
    return {median(publishing), median(delivering)};
}

} // namespace

int main() {
    std::vector<double> alone, nobody;
    for (int run = 0; run < runs; ++run) {
        alone.push_back(encoding());
        nobody.push_back(to_nobody());
    }
    fmt::print("publish of a 20-byte event to nobody: {:.0f} ns; encoding alone: {:.0f} ns\n", median(nobody),
               median(alone));
    for (const int burst : {1, 10, 100}) {
        const auto each = median_of(burst);
        fmt::print("to {} subscribers, {:3} at a time: {:4.0f} ns each for the publisher, {:4.0f} ns for "
                   "each subscriber, {:5.1f} ns for each of its events\n",
                   subscribers, burst, each.publishing, each.delivering, each.delivering / burst);
    }
    fmt::print("(medians of {})\n", runs);
}
