// What a relay adds to a token on its way: 200 generations at once, each a stream of a token every 20 ms that
// says when it was sent, read straight from the server that generates them, and through a relay, a handler of
// two lines. The same program reads both, by turns.
#include <rill/rill.hpp>

#include "figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <netinet/in.h>
#include <pthread.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr int generations = 200;
constexpr int tokens = 100;
constexpr auto pace = 20ms;
constexpr int runs = 7;
constexpr std::string_view path = "/v1/chat/completions";

std::int64_t now() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

/// A chunk of the size that they have, and the time.
std::string chunk() {
    return fmt::format(
        R"({{"t":{},"id":"chatcmpl-0123456789abcdef0123456789abcdef","object":)"
        R"("chat.completion.chunk","created":1700000000,"model":"stub","choices":[)"
        R"({{"index":0,"delta":{{"content":" token"}},"logprobs":null,"finish_reason":null}}]}})",
        now());
}

/// A stub for a model. The generations are spread over the time from token to token.
rill::event_stream generate(rill::request& request) {
    const auto number = rill::parse<int>(co_await request.text()).value_or(0);
    co_await rill::sleep_for(pace * number / generations);
    for (int i = 0; i < tokens; ++i) {
        co_await rill::sleep_for(pace);
        co_yield {.data = chunk()};
    }
}

/// A server, and the thread that it runs on.
class serving {
public:
    explicit serving(const rill::router& routes) : server_{routes, {.port = 0, .threads = 1}} {}
    ~serving() { server_.stop(); }

    [[nodiscard]] const std::string& url() const { return server_.url(); }
    [[nodiscard]] std::uint16_t port() const { return server_.port(); }
    [[nodiscard]] double cpu_microseconds() {
        clockid_t clock{};
        timespec time{};
        pthread_getcpuclockid(thread_.native_handle(), &clock);
        clock_gettime(clock, &time);
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
    }

private:
    rill::server server_;
    std::jthread thread_{[this] { server_.run(); }};
};

int ask(std::uint16_t port, int number) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) std::abort();
    const auto body = std::to_string(number);
    const auto request =
        fmt::format("POST {} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}",
                    path, body.size(), body);
    if (::send(socket, request.data(), request.size(), 0) != static_cast<ssize_t>(request.size()))
        std::abort();
    return socket;
}

/// The times of the tokens in what came on a connection; `rest` keeps what is not complete yet.
void take(std::string& rest, std::int64_t arrived, std::vector<double>& into) {
    constexpr std::string_view mark = R"(data: {"t":)";
    std::size_t at = 0;
    for (auto end = rest.find("\n\n"); end != rest.npos; at = end + 2, end = rest.find("\n\n", at)) {
        const auto event = std::string_view{rest}.substr(at, end - at);
        const auto begin = event.find(mark);
        if (begin == event.npos) continue; // a comment
        std::int64_t sent = 0;
        std::from_chars(event.data() + begin + mark.size(), event.data() + event.size(), sent);
        into.push_back(static_cast<double>(arrived - sent) / 1e3);
    }
    rest.erase(0, at);
}

/// Reads all generations to their end: microseconds from the sending of each token to its arrival.
std::vector<double> read_all(std::uint16_t port) {
    const int poll = ::epoll_create1(0);
    std::vector<int> sockets;
    std::vector<std::string> rests(generations);
    for (int n = 0; n < generations; ++n) {
        sockets.push_back(ask(port, n));
        epoll_event event{.events = EPOLLIN, .data = {.u32 = static_cast<std::uint32_t>(n)}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, sockets.back(), &event);
    }
    std::vector<double> all;
    std::array<epoll_event, 64> ready{};
    std::array<char, 16'384> buffer{};
    for (int open = generations; open > 0;) {
        const int count = ::epoll_wait(poll, ready.data(), static_cast<int>(ready.size()), -1);
        for (int i = 0; i < count; ++i) {
            const auto n = ready.at(i).data.u32;
            const auto size = ::recv(sockets[n], buffer.data(), buffer.size(), 0);
            if (size <= 0) {
                ::close(sockets[n]);
                --open;
                continue;
            }
            rests[n].append(buffer.data(), static_cast<std::size_t>(size));
            take(rests[n], now(), all);
        }
    }
    ::close(poll);
    if (all.size() != std::size_t{generations} * tokens) std::abort();
    std::ranges::sort(all);
    return all;
}

double share(const std::vector<double>& sorted, double part) {
    return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

/// What runs have shown, the medians of which count.
struct figures {
    std::vector<double> p50, p99;
    void add(const std::vector<double>& sorted) {
        p50.push_back(share(sorted, 0.5));
        p99.push_back(share(sorted, 0.99));
    }
};

} // namespace

int main() {
    rill::router model;
    model.post(path, generate);
    serving origin{model};

    rill::http_client upstream{origin.url()};
    rill::router routes;
    routes.post(path, [&upstream](rill::request& request) -> rill::event_stream {
        auto answer = co_await upstream.post(path, co_await request.text());
        while (const auto* message = co_await answer.next()) co_yield {.data = message->data};
    });
    serving relay{routes};

    figures direct, relayed;
    std::vector<double> cpu;
    for (int run = 0; run < runs; ++run) {
        direct.add(read_all(origin.port()));
        const auto before = relay.cpu_microseconds();
        relayed.add(read_all(relay.port()));
        cpu.push_back((relay.cpu_microseconds() - before) / (generations * tokens));
    }
    fmt::print("{} generations, a token every {} ms each, from sending to arrival, microseconds:\n",
               generations, pace / 1ms);
    fmt::print(
        "straight p50 {:.0f}, p99 {:.0f}; relayed p50 {:.0f}, p99 {:.0f}; added p50 {:.0f}, p99 {:.0f}\n",
        median(direct.p50), median(direct.p99), median(relayed.p50), median(relayed.p99),
        median(relayed.p50) - median(direct.p50), median(relayed.p99) - median(direct.p99));
    fmt::print("the relay's CPU time: {:.1f} microseconds for a token\n(medians of {})\n", median(cpu), runs);
}
