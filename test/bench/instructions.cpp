// Fixed work in memory, of which guard.py has Callgrind count the instructions:
//
//     instructions co_yield|request|delivery_1|delivery_16|beside_stuck COUNT
//
// COUNT is how many events are yielded, requests are answered, or events are delivered.
#include <rill/net/detail/shard.hpp>
#include <rill/rill.hpp>

#include "null_transport.hpp"

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

/// Callgrind counts what runs in here and nothing else: it knows the name, so there must be only one of it.
extern "C" [[gnu::noipa]] void counted(const std::function<void()>& work) {
    work();
}

namespace {

constexpr std::string_view token = "tokentokentokentoken";
constexpr std::string_view request =
    "GET / HTTP/1.1\r\nHost: bench\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n";

/// Takes the head of an answer, and then nothing.
class stuck_transport final : public null_transport {
public:
    stuck_transport(asio::io_context& context, std::size_t& bytes, std::size_t& refused)
        : null_transport{context, request, bytes}, refused_{refused} {}

    result write_some(std::span<const std::string_view> pieces) noexcept override {
        if (!std::exchange(has_head_, true)) return null_transport::write_some(pieces);
        ++refused_;
        return {status::blocked};
    }

private:
    bool has_head_ = false;
    std::size_t& refused_;
};

/// Routes, and what serves them.
class site {
public:
    explicit site(const rill::router& routes) : common_{routes, {}} {}

    /// A client that asks so many times.
    void open(std::size_t times = 1) {
        shard_.expect_connection();
        shard_.open(std::make_unique<null_transport>(shard_.context(), request, bytes_, times));
    }
    /// One that asks, and reads the head only.
    void open_stuck() {
        shard_.expect_connection();
        shard_.open(std::make_unique<stuck_transport>(shard_.context(), bytes_, refused_));
    }
    /// All that there is to do.
    void run() {
        shard_.context().restart();
        shard_.context().poll();
    }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// How many writes those have refused that are stuck.
    [[nodiscard]] std::size_t refused() const noexcept { return refused_; }

private:
    rill::detail::service common_;
    rill::detail::shard shard_{common_};
    std::size_t bytes_ = 0, refused_ = 0;
};

void check(bool good) {
    if (!good) std::abort();
}

void co_yield_events(std::size_t count) {
    rill::router routes;
    routes.get("/", [count](rill::request&) -> rill::event_stream {
        for (std::size_t i = 0; i < count; ++i) co_yield {.data = token};
    });
    site all{routes};
    all.open();
    counted([&] { all.run(); });
    check(all.bytes() > count * token.size());
}

void answer_requests(std::size_t count) {
    std::size_t answered = 0;
    rill::router routes;
    routes.get("/", [&answered](rill::request&) {
        ++answered;
        return rill::response::text("Hello, World!");
    });
    site all{routes};
    all.open(count);
    counted([&] { all.run(); });
    check(answered == count);
}

/// To 200 subscribers that a route returned, `burst` events at a time, beside others that do not read.
void deliver(std::size_t count, std::size_t burst, std::size_t stuck = 0) {
    constexpr std::size_t subscribers = 200;
    rill::topic topic{{.policy = rill::lag_policy::skip}};
    rill::router routes;
    routes.get("/", [&topic](rill::request& r) { return topic.subscribe(r); });
    site all{routes};
    for (std::size_t n = 0; n < subscribers; ++n) all.open();
    for (std::size_t n = 0; n < stuck; ++n) all.open_stuck();
    all.run();
    topic.publish({.data = token});
    all.run();
    const auto before = topic.statistics().delivered;
    counted([&] {
        for (std::size_t delivered = 0; delivered < count; delivered += subscribers * burst) {
            for (std::size_t n = 0; n < burst; ++n) topic.publish({.data = token});
            all.run();
        }
    });
    check(topic.statistics().delivered - before == count);
    check(topic.statistics().subscribers == subscribers + stuck);
    check(all.refused() == stuck); // each was written to once, and then left alone
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const std::string_view what = argv[1];
    const auto count = rill::parse<std::size_t>(argv[2]).value_or(0);
    if (what == "co_yield")
        co_yield_events(count);
    else if (what == "request")
        answer_requests(count);
    else if (what == "delivery_1")
        deliver(count, 1);
    else if (what == "delivery_16")
        deliver(count, 16);
    else if (what == "beside_stuck")
        deliver(count, 16, 100);
    else
        return 2;
}
