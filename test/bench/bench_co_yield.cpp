// What it costs to hand an event from a handler to its client: nanoseconds per co_yield through the writer
// and the session to a transport that takes everything and does nothing. The baseline is the encoding alone.
#include <rill/net/detail/h1_session.hpp>
#include <rill/net/detail/shard.hpp>
#include <rill/rill.hpp>
#include <rill/sse/encode.hpp>

#include "figures.hpp"
#include "null_transport.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int events = 2'000'000;
constexpr int runs = 7;
constexpr std::string_view token = "tokentokentokentoken";

constexpr std::string_view request = "GET /firehose HTTP/1.1\r\nHost: bench\r\n\r\n";

rill::event_stream firehose(rill::request&) {
    for (int i = 0; i < events; ++i) co_yield {.data = token};
}

} // namespace

int main() {
    rill::router routes;
    routes.get("/firehose", firehose);
    const rill::detail::service common{routes, {}};

    std::vector<double> encoding, streaming;
    std::size_t bytes = 0;
    for (int run = 0; run < runs; ++run) {
        encoding.push_back(nanoseconds([&] {
            std::string out;
            for (int i = 0; i < events; ++i) {
                if (out.size() > 32'768) out.clear();
                rill::encode(out, {.data = token});
            }
            bytes += out.size();
        }));
        rill::detail::shard shard{common};
        shard.expect_connection();
        streaming.push_back(nanoseconds([&] {
            shard.open(std::make_unique<null_transport>(shard.context(), request, bytes));
            shard.context().poll(); // the handler never waits: this is all of it
        }));
    }
    fmt::print("co_yield of a 20-byte event through the writer: {:.1f} ns; encoding alone: {:.1f} ns ({} "
               "events, median of "
               "{}, {} MB)\n",
               median(streaming) / events, median(encoding) / events, events, runs, bytes / 1'000'000);
}
