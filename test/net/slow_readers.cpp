// Clients of 10, 20 and 40 KB a second over real sockets, all side by side: none is cut, whatever it reads,
// and those that read nothing are. It takes ninety seconds, since the kernel's buffers hide a slow client for
// a minute.
#include "net/serving.hpp"
#include "support/tls_client.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <list>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr auto duration = 90s;
constexpr std::size_t megabyte = std::size_t{1} << 20U;

[[nodiscard]] std::int64_t now_in_ms() {
    return std::chrono::duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

/// All that can be read, and what publishes it: the time, to each of 50 keys, twenty times a second.
class exhibits {
public:
    exhibits() {
        routes.get("/stream", [](rill::request&) -> rill::event_stream {
            const std::string text(1000, 'x');
            for (;;) co_yield {.data = text};
        });
        routes.get("/event", [](rill::request&) -> rill::event_stream {
            const std::string text(8 * megabyte, 'x');
            co_yield {.data = text};
        });
        routes.get("/body",
                   [](rill::request&) { return rill::response::text(std::string(8 * megabyte, 'x')); });
        for (const auto& [path, topic] :
             {std::pair{"/disconnect", &disconnect}, {"/skip", &skip}, {"/latest", &latest}})
            routes.get(path, [topic = topic](rill::request& r) { return topic->subscribe(r); });
    }

    rill::router routes;
    /// Its log holds all that is published meanwhile: nobody falls off it.
    rill::topic disconnect{{.keep_events = 1'000'000, .keep_bytes = 256 * megabyte}};
    rill::topic skip{{.keep_events = 1000, .policy = rill::lag_policy::skip}};
    rill::topic latest{{.keep_events = 1000, .policy = rill::lag_policy::latest}};

private:
    void publish(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            for (int n = 0; n < 50; ++n) {
                const auto key = std::to_string(n);
                const auto data = fmt::format("{} {}", now_in_ms(), std::string(300, '.'));
                for (auto* const topic : {&disconnect, &skip, &latest})
                    topic->publish({.data = data}, {.key = key});
            }
            std::this_thread::sleep_for(50ms);
        }
    }

    std::jthread publisher_{[this](const std::stop_token& stop) { publish(stop); }};
};

/// What has become of a client.
struct outcome {
    std::string what;
    std::size_t rate = 0;
    std::size_t bytes = 0;
    std::size_t receive_buffer = 0;
    std::size_t backlog =
        0; ///< at worst, the bytes it read after an event was published and before it had it
    std::string failure{};
};

/// How far behind a client is: the bytes that it has read since its newest event was published. Unlike a
/// time, that is the same on a busy machine.
class backlog {
public:
    void take(std::string_view bytes) {
        constexpr std::string_view field = "\ndata: ";
        constexpr std::size_t number = 20; // and something behind it
        read_ += bytes.size();
        reads_.emplace_back(now_in_ms(), read_);
        unread_ += bytes;
        if (const auto at = unread_.rfind(field);
            at != unread_.npos && unread_.size() > at + field.size() + number) {
            const auto* const digits = unread_.data() + at + field.size();
            std::from_chars(digits, digits + number, newest_);
            unread_.erase(0, at + 1);
        }
        if (unread_.size() > 2000) unread_.erase(0, unread_.size() - 1000); // these are no such events
        while (reads_.front().first < newest_) {
            before_ = reads_.front().second;
            reads_.pop_front();
        }
    }
    [[nodiscard]] std::size_t bytes() const noexcept { return read_ - before_; }

private:
    std::string unread_;
    std::int64_t newest_ = 0; ///< when it was published
    std::deque<std::pair<std::int64_t, std::size_t>>
        reads_; ///< since then: when, and how much in all by then
    std::size_t read_ = 0, before_ = 0;
};

/// So many bytes the system may hold that were not received from a socket yet, with what it needs itself. It
/// raises that number for a reader whose machine is busy.
std::size_t receive_buffer_of(int socket) {
    int size = 0;
    socklen_t length = sizeof size;
    if (::getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, &length) < 0)
        throw std::system_error{errno, std::generic_category(), "getsockopt"};
    return static_cast<std::size_t>(size);
}

/// Reads so many bytes a second. What is not there in time is made up for within a second, or never.
template <typename Client>
void read_slowly(Client& client, outcome& seen) {
    const auto begin = steady_clock::now();
    const auto rate = static_cast<double>(seen.rate);
    backlog behind;
    double due = 0;
    for (auto now = begin, last = begin; now < begin + duration; now = steady_clock::now()) {
        due = std::min(rate,
                       due + std::chrono::duration<double>{now - std::exchange(last, now)}.count() * rate);
        while (due >= 1) {
            const auto bytes = client.receive(static_cast<std::size_t>(due));
            if (bytes.empty()) throw std::runtime_error{"the connection has ended"};
            seen.bytes += bytes.size();
            due -= static_cast<double>(bytes.size());
            behind.take(bytes);
        }
        if (now > begin + 20s) seen.backlog = std::max(seen.backlog, behind.bytes());
        std::this_thread::sleep_for(100ms);
    }
}

/// Clients, each in a thread of its own.
class readers {
public:
    template <typename Connect>
    void add(std::string what, std::string_view path, std::size_t rate, Connect connect) {
        auto& seen = outcomes_.emplace_back(outcome{.what = std::move(what), .rate = rate});
        threads_.emplace_back([&seen, connect, request = serving::get(path)] {
            try {
                auto client = connect();
                client.send(request);
                read_slowly(client, seen);
                seen.receive_buffer = receive_buffer_of(client.descriptor());
            } catch (const std::exception& e) {
                seen.failure = e.what();
            }
        });
    }
    [[nodiscard]] const std::list<outcome>& wait() {
        threads_.clear();
        return outcomes_;
    }

private:
    std::list<outcome> outcomes_;
    std::vector<std::jthread> threads_;
};

} // namespace

TEST_CASE("slow clients are not cut in ninety seconds, get fresh news, and those that read nothing are cut") {
    exhibits all;
    serving::kept_log log;
    const serving::server plain{all.routes, {.threads = 1, .log = &log}};
    readers clients;
    std::size_t stuck = 0;
#ifdef CERTIFICATES
    const std::string certificate = CERTIFICATES "/server.pem", key = CERTIFICATES "/server.key";
    const serving::server secure{
        all.routes, {.threads = 1, .tls = {.certificate = certificate, .private_key = key}, .log = &log}};
    const support::tls_trust trust{CERTIFICATES "/ca.pem"};
    const auto port =
        static_cast<std::uint16_t>(std::stoul(secure.url().substr(secure.url().rfind(':') + 1)));
#endif
    for (const std::size_t rate : {10'000, 20'000, 40'000}) {
        for (const auto* path : {"/stream", "/event", "/body", "/disconnect", "/skip", "/latest"}) {
            clients.add(fmt::format("{} at {}", path, rate), path, rate,
                        [&] { return support::socket_client{plain.url()}; });
            clients.add(fmt::format("{} at {}, with little room", path, rate), path, rate,
                        [&] { return support::socket_client{plain.url(), 8192}; });
#ifdef CERTIFICATES
            clients.add(fmt::format("{} at {} over TLS", path, rate), path, rate,
                        [&] { return support::tls_client{trust, port}; });
#endif
        }
    }
    std::vector<support::socket_client> idle;
    for (const auto* path : {"/stream", "/body", "/latest"}) {
        idle.emplace_back(plain.url()).send(serving::get(path));
        ++stuck;
    }
    for (const auto& seen : clients.wait()) {
        CAPTURE(seen.what);
        CHECK(seen.failure == "");
        CHECK(seen.bytes >= seen.rate * 90 / 2); // the machine may be busy
        if (seen.what.starts_with("/latest")) {
            MESSAGE(seen.what, ": at most ", seen.backlog, " bytes behind, of which its own system may hold ",
                    seen.receive_buffer);
            CHECK(seen.backlog > 0);
            CHECK(seen.backlog <= seen.receive_buffer + 160 * 1024); // and what it was given last
        }
    }
    CHECK(plain.statistics().cut_slow == stuck);
#ifdef CERTIFICATES
    CHECK(secure.statistics().cut_slow == 0);
#endif
    auto lines = log.lines();
    std::erase_if(lines,
                  [](const auto& line) { return line.find("held up its thread") != line.npos; }); // busy
    CHECK(lines.size() == stuck);
    for (const auto& line : lines) {
        CAPTURE(line);
        CHECK(line.starts_with("cut 127.0.0.1:"));
        CHECK(line.find(": it has taken nothing for 3") != line.npos);
    }
    CHECK(all.disconnect.statistics().disconnected == 0);
}
