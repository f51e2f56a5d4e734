#include "faults_stage.hpp"

#include "faults_transport.hpp"

#include <asio/post.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <new>
#include <stdexcept>
#include <utility>

namespace faults {
namespace {

rill::server_options with_log(rill::server_options options, rill::log_sink& log) {
    options.log = &log;
    return options;
}

rill::task<void> pause() {
    co_await rill::sleep_for(1s);
}

/// `text` with what follows each `mark` in it, up to `size` characters, made the same.
void blank(std::string& text, std::string_view mark, std::size_t size) {
    for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at)) {
        at += mark.size();
        for (std::size_t n = 0; n < size && at < text.size() && text[at] != '\n'; ++n) text[at++] = '_';
    }
}

/// What is in the chunks, as far as they have come; without comments.
std::string unchunked(std::string_view body) {
    std::string text;
    for (;;) {
        std::size_t size = 0;
        const auto line = body.find("\r\n");
        if (line == body.npos) break;
        const auto digits = body.substr(0, line);
        std::from_chars(digits.begin(), digits.end(), size, 16);
        if (size == 0) return text + "(end)";
        text += body.substr(line + 2, size);
        if (body.size() < line + 2 + size + 2) break;
        body.remove_prefix(line + 2 + size + 2);
    }
    return text;
}

std::string without_comments(std::string_view text) {
    std::string left;
    while (!text.empty()) {
        const auto line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
        if (!line.starts_with(':')) left += line;
        text.remove_prefix(line.size());
    }
    return left;
}

} // namespace

stage::stage(plan& what, const rill::server_options& options) : plan_{what} {
    add_routes();
    add_streams();
    common_.emplace(routes_, with_log(options, log));
    shard_.emplace(*common_, rill::detail::timers::clock_kind::manual);
}

/// Does it, if there is memory for it.
template <typename Action>
void stage::attempt(Action action) {
    try {
        action();
    } catch (const std::bad_alloc&) {
        ++thrown;
    }
    run();
}

rill::testing::connection stage::connect(plan& what) {
    std::shared_ptr<rill::testing::detail::wire> wire;
    std::unique_ptr<transport> end;
    {
        const heap::spared here;
        wire = std::make_shared<rill::testing::detail::wire>(shard().context());
        end = std::make_unique<faulty_transport>(wire, *this, what);
    }
    shard().expect_connection();
    attempt([&] {
        try {
            end = shard().prepared(std::move(end));
        } catch (...) {
            shard().connection_gone();
            throw;
        }
        shard().open(std::move(end));
    });
    return rill::testing::connection{std::move(wire)};
}

void stage::open() {
    client_ = connect(plan_);
}

void stage::send(std::string_view bytes) {
    as_client([&] { client().send(bytes); });
    run();
    receive();
}

void stage::receive() {
    for (bool more = true; more;) {
        as_client([&] {
            const auto part = client().receive();
            received += part;
            more = !part.empty();
        });
        run();
    }
}

void stage::leave() {
    as_client([&] { client().close(); });
    run();
}

void stage::window(std::size_t bytes) {
    as_client([&] { client().window(bytes); });
    run();
}

void stage::publish(int from, int to, std::string_view key) {
    for (int n = from; n <= to; ++n)
        for (auto* const to_all : {&news, &skipping, &newest, &strict}) {
            ++unheard;
            attempt([&] {
                to_all->publish({.data = fmt::format("number {}", n)}, {.key = key});
                --unheard;
            });
        }
}

void stage::close() {
    news.close();
    run();
}

void stage::tell(std::function<void()> whom) {
    const heap::spared here;
    to_tell_.push_back(std::move(whom));
}

/// What Asio keeps in reserve is gone with each `poll` of the event loop, here and in the client's end. So
/// the first calls of the next one renew it.
void stage::run() {
    for (bool more = true; more;) {
        {
            const heap::spared here;
            for (auto& whom : std::exchange(to_tell_, {})) asio::post(shard().context(), std::move(whom));
        }
        try {
            shard().context().restart();
            more = shard().context().poll() > std::exchange(reserved_, 0U);
        } catch (const std::bad_alloc&) {
            ++thrown;
        }
        if (heap::will_refuse()) reserve();
    }
}

void stage::reserve() {
    const heap::spared here;
    reserved_ = shard().reserve();
}

void stage::advance(rill::duration time) {
    shard().timers().advance(time, [this] { run(); });
}

void stage::drain() {
    attempt([this] { shard().drain([] {}); });
}

std::size_t stage::subscribers() const {
    std::size_t all = 0;
    for (const auto* const one : {&news, &skipping, &newest, &strict}) all += one->statistics().subscribers;
    return all;
}

void stage::add_routes() {
    using rill::request;
    using rill::response;
    using rill::task;
    routes_.get("/short", [](request&) { return response::text("short"); })
        .post("/short", [](request&) { return response::text("posted"); })
        .get("/large", [](request&) { return response::text(std::string(100'000, 'x')); })
        .get("/later",
             [this](request&) -> task<response> {
                 const witness here{handlers};
                 co_await pause();
                 co_return response::text("later");
             })
        .get("/throws", [](request&) -> response { throw std::runtime_error{"on purpose"}; })
        .get("/throws-later",
             [this](request&) -> task<response> {
                 const witness here{handlers};
                 co_await pause();
                 throw std::runtime_error{"on purpose"};
             })
        .get("/not-now",
             [](request&) -> response {
                 throw rill::http_error{rill::status::service_unavailable, "not now"}.with("Retry-After",
                                                                                           "2");
             })
        .post("/echo", [this](request& r) -> task<response> {
            const witness here{handlers};
            co_return response::text(co_await r.text());
        });
}

void stage::add_streams() {
    using rill::event_stream;
    using rill::request;
    using rill::sse_writer;
    routes_
        .get("/yields",
             [this](request&) -> event_stream {
                 const witness here{handlers};
                 for (int n = 0; n < 3; ++n) {
                     co_yield {.data = std::to_string(n)};
                     co_await rill::sleep_for(20s);
                 }
             })
        .get("/awaits",
             [this](request&) -> event_stream {
                 const witness here{handlers};
                 for (int n = 0; n < 3; ++n) {
                     co_await pause();
                     co_yield {.data = std::to_string(n)};
                 }
             })
        .get("/fails",
             [this](request&) -> event_stream {
                 const witness here{handlers};
                 co_yield {.data = "one"};
                 co_await rill::sleep_for(1s);
                 throw std::runtime_error{"on purpose"};
             })
        .get("/writes",
             [this](request&, sse_writer& writer) -> rill::task<void> {
                 const witness here{handlers};
                 for (int n = 0; n < 3; ++n) {
                     co_await writer.write({.data = std::to_string(n)});
                     co_await rill::sleep_for(1s);
                 }
             })
        .get("/much",
             [this](request&) -> event_stream {
                 const witness here{handlers};
                 for (int n = 0; n < 40; ++n) co_yield {.data = std::string(5'000, 'y')};
             })
        .get("/writes-much",
             [this](request&, sse_writer& writer) -> rill::task<void> {
                 const witness here{handlers};
                 for (int n = 0; n < 40; ++n) co_await writer.write({.data = std::string(5'000, 'z')});
             })
        .get("/relays",
             [this](request& r) -> event_stream {
                 const witness here{handlers};
                 co_yield {.data = "hello"};
                 co_yield rill::elements_of(news.subscribe(r));
             })
        .get("/reads",
             [this](request& r) -> event_stream {
                 const witness here{handlers};
                 auto following = news.subscribe(r);
                 while (const auto* m = co_await following.next()) co_yield {.data = m->data};
             })
        .get("/news", [this](request& r) { return news.subscribe(r); })
        .get("/skipping", [this](request& r) { return skipping.subscribe(r); })
        .get("/newest", [this](request& r) { return newest.subscribe(r); })
        .get("/strict", [this](request& r) { return strict.subscribe(r); });
}

std::string stage::neighbour::asked() {
    if (connection_.ended()) connection_ = stage_.connect(none_);
    connection_.send("GET /short HTTP/1.1\r\nHost: test\r\n\r\n");
    stage_.run();
    auto answer = meaning(connection_.receive());
    stage_.run();
    return answer;
}

void stage::neighbour::leave() {
    connection_.close();
    stage_.run();
}

std::string meaning(std::string_view bytes) {
    std::string all;
    while (!bytes.empty()) {
        const auto head_end = bytes.find("\r\n\r\n");
        const auto head = bytes.substr(0, head_end == bytes.npos ? head_end : head_end + 4);
        all += head;
        bytes.remove_prefix(head.size());
        if (head.find("chunked") == head.npos) continue;
        const auto end = bytes.find("\r\n0\r\n\r\n");
        const auto body = bytes.substr(0, end == bytes.npos ? end : end + 7);
        all += without_comments(unchunked(body));
        bytes.remove_prefix(body.size());
    }
    blank(all, "Date: ", 29);
    blank(all, "\nid: ", 12);
    blank(all, "retry: ", 4);
    return all;
}

} // namespace faults
