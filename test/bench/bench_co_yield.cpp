// What it costs to hand an event from a handler to its client: nanoseconds per co_yield through the writer
// and the session to a transport that takes everything and does nothing. The baseline is the encoding alone.
#include <rill/net/detail/h1_session.hpp>
#include <rill/net/detail/shard.hpp>
#include <rill/rill.hpp>
#include <rill/sse/encode.hpp>

#include "figures.hpp"

#include <asio/post.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int events = 2'000'000;
constexpr int runs = 7;
constexpr std::string_view token = "tokentokentokentoken";

/// Has one request to give, takes all that is written, and never ends.
class null_transport final : public rill::detail::transport {
public:
    null_transport(asio::io_context& context, std::size_t& bytes) : context_{context}, bytes_{bytes} {}

    result read_some(std::span<char> space) noexcept override {
        const auto count = std::min(space.size(), request_.size());
        if (count == 0) return {status::blocked};
        std::copy_n(request_.begin(), count, space.begin());
        request_.remove_prefix(count);
        return {status::moved, count};
    }
    result write_some(std::span<const std::string_view> pieces) noexcept override {
        std::size_t count = 0;
        for (const auto piece : pieces) count += piece.size();
        bytes_ += count;
        return {status::moved, count};
    }
    void wait_readable(std::shared_ptr<observer> who) override {
        if (request_.empty())
            waiting_ = std::move(who);
        else
            asio::post(context_, [who = std::move(who)] { who->on_readable(); });
    }
    void wait_writable(std::shared_ptr<observer>) override {}
    void shutdown_write() noexcept override {}
    void close(bool) noexcept override { waiting_ = nullptr; }
    [[nodiscard]] std::string remote_address() const override { return "nobody"; }

private:
    asio::io_context& context_;
    std::size_t& bytes_;
    std::string_view request_ = "GET /firehose HTTP/1.1\r\nHost: bench\r\n\r\n";
    std::shared_ptr<observer> waiting_;
};

rill::event_stream firehose(rill::request&) {
    for (int i = 0; i < events; ++i) co_yield {.data = token};
}

template <typename Work>
double nanoseconds_each(Work work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() /
           events;
}

} // namespace

int main() {
    rill::router routes;
    routes.get("/firehose", firehose);
    const rill::detail::service common{
        rill::detail::router_access::table(routes), {}, rill::standard_error_log(), {}};

    std::vector<double> encoding, streaming;
    std::size_t bytes = 0;
    for (int run = 0; run < runs; ++run) {
        encoding.push_back(nanoseconds_each([&] {
            std::string out;
            for (int i = 0; i < events; ++i) {
                if (out.size() > 32'768) out.clear();
                rill::encode(out, {.data = token});
            }
            bytes += out.size();
        }));
        rill::detail::shard shard{common};
        shard.expect_connection();
        streaming.push_back(nanoseconds_each([&] {
            shard.open(std::make_unique<null_transport>(shard.context(), bytes));
            shard.context().poll(); // the handler never waits: this is all of it
        }));
    }
    fmt::print("co_yield of a 20-byte event through the writer: {:.1f} ns; encoding alone: {:.1f} ns ({} "
               "events, median of "
               "{}, {} MB)\n",
               median(streaming), median(encoding), events, runs, bytes / 1'000'000);
}
