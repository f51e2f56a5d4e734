// Long streams, each event of which is counted and must be the next one: read by event_source and by rillcat,
// passed on by a relay, and published to hub by one client and read by another.
//
//     soak EVENTS RILLCAT HUB [WAY...]      soak 10000000 build/apps/rillcat/rillcat build/apps/hub/hub
//
// Each event of the stream is a chunk of its own: what a client counts for each chunk adds up.
#include <rill/rill.hpp>

#include "support/socket_client.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct plan {
    std::uint64_t events = 0;
    std::string rillcat, hub;
};

/// What comes must be the numbers from 0 on.
class sequence {
public:
    void take(std::string_view data) {
        const auto due = count_.load(std::memory_order_relaxed);
        if (rill::parse<std::uint64_t>(data) != due)
            throw std::runtime_error{fmt::format("'{}' came where {} was due", data, due)};
        count_.store(due + 1, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> count_{0};
};

/// A server, and the thread that it runs on.
class serving {
public:
    explicit serving(const rill::router& routes) : server_{routes, {.port = 0, .threads = 1}} {}
    serving(const serving&) = delete;
    serving& operator=(const serving&) = delete;
    ~serving() {
        server_.stop();
        server_.stop();
    }
    [[nodiscard]] const std::string& url() const { return server_.url(); }

private:
    rill::server server_;
    std::jthread thread_{[this] { server_.run(); }};
};

rill::event_stream numbers(std::uint64_t events) {
    for (std::uint64_t n = 0; n < events; ++n) {
        const auto text = std::to_string(n);
        co_yield {.id = text, .data = text};
        co_await rill::sleep_for(0s); // what was yielded leaves as a chunk
    }
}

rill::router counting(const plan& p) {
    rill::router routes;
    routes.get("/numbers", [&p](rill::request&) { return numbers(p.events); });
    return routes;
}

/// Another program. It is ended with this object.
class program {
public:
    explicit program(std::vector<std::string> command) {
        std::array<int, 2> pipe{};
        if (::pipe(pipe.data()) != 0) throw std::runtime_error{"no pipe"};
        std::vector<char*> arguments;
        for (auto& each : command) arguments.push_back(each.data());
        arguments.push_back(nullptr);
        process_ = ::fork();
        if (process_ == 0) {
            ::dup2(pipe[1], STDOUT_FILENO);
            ::close(pipe[0]);
            ::close(pipe[1]);
            ::execv(arguments[0], arguments.data());
            ::_exit(127);
        }
        ::close(pipe[1]);
        out_ = ::fdopen(pipe[0], "r");
    }
    program(const program&) = delete;
    program& operator=(const program&) = delete;
    ~program() {
        if (process_ > 0) {
            ::kill(process_, SIGTERM);
            ::kill(process_, SIGTERM); // does not wait for what is open
            ::waitpid(process_, nullptr, 0);
        }
        std::fclose(out_);
    }

    /// A line of its standard output, without its end; nothing at the end of that.
    std::optional<std::string_view> line() {
        if (std::fgets(line_.data(), static_cast<int>(line_.size()), out_) == nullptr) return std::nullopt;
        std::string_view text{line_.data()};
        text.remove_suffix(text.ends_with('\n') ? 1 : 0);
        return text;
    }
    int exit_code() {
        int status = 0;
        ::waitpid(std::exchange(process_, 0), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    }

private:
    pid_t process_ = 0;
    std::FILE* out_ = nullptr;
    std::array<char, 4096> line_{};
};

/// Any reconnect shows that a stream broke, or was not understood.
class strict final : public rill::source_observer {
    void on_error(const rill::error& why, std::optional<std::chrono::milliseconds>) override { throw why; }
};

/// Reads so many events with an `event_source`; `id` says whether they have the number as their id.
rill::task<void> read(const std::string& url, std::uint64_t events, bool id, sequence& into) {
    strict observer;
    rill::http_client client;
    rill::event_source source{client, url, {.observer = &observer}};
    while (into.count() < events) {
        const auto* const event = co_await source.next();
        if (event == nullptr) throw std::runtime_error{"the source has ended"};
        if (event->type != "message") throw std::runtime_error{event->type + ": " + event->data};
        if (id && event->last_event_id != event->data)
            throw std::runtime_error{fmt::format("'{}' has the id '{}'", event->data, event->last_event_id)};
        into.take(event->data);
    }
}

void run(rill::task<void> work) {
    asio::io_context context{1};
    auto done = asio::co_spawn(context, std::move(work), asio::use_future);
    context.run();
    done.get();
}

void by_event_source(const plan& p, sequence& taken) {
    const auto routes = counting(p);
    const serving origin{routes};
    run(read(origin.url() + "/numbers", p.events, true, taken));
}

void by_rillcat(const plan& p, sequence& taken) {
    const auto routes = counting(p);
    const serving origin{routes};
    program cat{{p.rillcat, "--once", "--data", origin.url() + "/numbers"}};
    while (const auto line = cat.line()) taken.take(*line);
    if (const auto code = cat.exit_code(); code != 0)
        throw std::runtime_error{fmt::format("rillcat ended with {} after {} events", code, taken.count())};
}

void by_relay(const plan& p, sequence& taken) {
    const auto routes = counting(p);
    const serving origin{routes};
    rill::http_client upstream{origin.url()};
    rill::router relaying;
    relaying.get("/relayed", [&upstream](rill::request&) -> rill::event_stream {
        auto answer = co_await upstream.get("/numbers");
        while (const auto* message = co_await answer.next())
            co_yield {.id = message->last_event_id, .data = message->data};
    });
    const serving relay{relaying};
    run(read(relay.url() + "/relayed", p.events, true, taken));
}

/// Publishes the numbers on one connection, several requests ahead of their answers, and not so fast that the
/// topic forgets what is not read yet.
void publish(const std::string& hub, const plan& p, const sequence& taken, const std::atomic<bool>& ended) {
    constexpr std::uint64_t ahead = 32, unread = 5'000;
    support::socket_client client{hub};
    for (std::uint64_t n = 0; n < p.events && !ended;) {
        if (n > taken.count() + unread) {
            std::this_thread::sleep_for(1ms);
            continue;
        }
        const auto end = std::min(p.events, n + ahead);
        std::string requests;
        for (auto each = n; each < end; ++each) {
            const auto body = std::to_string(each);
            requests +=
                fmt::format("POST /topics/soak HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
                            "Content-Length: {}\r\n\r\n{}",
                            body.size(), body);
        }
        client.send(requests);
        for (; n < end; ++n)
            if (const auto head = client.until("\r\n\r\n"); !head.starts_with("HTTP/1.1 204 "))
                throw std::runtime_error{"hub answers: " + head};
    }
}

void by_hub(const plan& p, sequence& taken) {
    program hub{{p.hub, "--port", "0", "--threads", "1", "--keep-events", "10000"}};
    std::string url;
    while (url.empty()) {
        const auto line = hub.line();
        if (!line) throw std::runtime_error{"hub does not begin"};
        const auto at = line->find("http://");
        if (at != line->npos) url = line->substr(at, line->find_first_of(" /", at + 7) - at);
    }
    std::atomic<bool> ended{false};
    auto publishing = std::async(std::launch::async, [&] { publish(url, p, taken, ended); });
    try {
        run(read(url + "/topics/soak?start=earliest", p.events, false, taken));
    } catch (...) {
        ended = true;
        throw;
    }
    publishing.get();
}

struct way {
    std::string_view name;
    void (*run)(const plan&, sequence&);
};
constexpr std::array ways{way{"event_source", by_event_source}, way{"rillcat", by_rillcat},
                          way{"relay", by_relay}, way{"hub", by_hub}};

/// Whether all events came, each once and in order.
bool soak(const way& each, const plan& p) {
    sequence taken;
    const auto began = std::chrono::steady_clock::now();
    std::string failure;
    try {
        each.run(p, taken);
    } catch (const std::exception& what) {
        failure = what.what();
    }
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - began;
    const bool all = failure.empty() && taken.count() == p.events;
    fmt::print("{:12} {:>10} of {} events in order, {:7.1f} s, {:.2f} µs each{}{}\n", each.name,
               taken.count(), p.events, time.count(), time.count() * 1e6 / static_cast<double>(p.events),
               all ? "" : "  FAILED ", failure);
    std::fflush(stdout);
    return all;
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const auto events = rill::parse<std::uint64_t>(arguments.empty() ? "" : arguments[0]);
    if (!events || *events == 0 || arguments.size() < 3) {
        fmt::print(stderr, "usage: soak EVENTS RILLCAT HUB [event_source] [rillcat] [relay] [hub]\n");
        return 2;
    }
    const plan p{*events, arguments[1], arguments[2]};
    const auto is_wanted = [&](const way& each) {
        return arguments.size() == 3 ||
               std::find(arguments.begin() + 3, arguments.end(), each.name) != arguments.end();
    };
    bool all = true;
    for (const auto& each : ways)
        if (is_wanted(each)) all = soak(each, p) && all;
    return all ? 0 : 1;
}
