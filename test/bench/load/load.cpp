// The load that tools/bench puts on a server: many connections, read by one thread. It prints what it has
// measured as one line of JSON, in events, requests, seconds and bytes.
#include "fleet.hpp"
#include "process.hpp"
#include "subscribers.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace {

using nlohmann::json;

struct options {
    std::uint16_t port = 0;
    std::vector<pid_t> pids;
    std::size_t connections = 1'000;
    std::size_t stuck = 0;
    std::size_t size = 100;
    std::size_t ahead = 16;
    std::size_t rate = 0;
    std::size_t events = 0;
    double seconds = 3;
    double warm_up = 1;
    std::string path = "/events";
};

std::uint64_t nanoseconds(double seconds) {
    return static_cast<std::uint64_t>(seconds * 1e9);
}

/// Publishes whenever `due` says so, until `over` says so, and reads meanwhile.
template <typename Due, typename Over>
void publish(load::publisher& from, load::subscribers& to, Due due, Over over) {
    while (!over()) {
        if (from.ready() && due()) from.publish();
        to.read(1);
    }
}

/// Reads until all have got what was published.
void finish(load::publisher& from, load::subscribers& to) {
    const auto deadline = load::now() + nanoseconds(60);
    while (to.seen_by_all() < from.published()) {
        if (load::now() > deadline)
            throw std::runtime_error{
                fmt::format("of {} events {} came to all", from.published(), to.seen_by_all())};
        to.read(100);
    }
}

/// Broadcast to all: as fast as it goes, the publisher at most `ahead` in front of the slowest, or `rate`
/// times a second.
json broadcast(const options& o, const load::server_processes& server) {
    load::subscribers to{o.port, o.connections};
    load::publisher from{o.port, o.size};
    std::uint64_t next = load::now();
    const auto due = [&] {
        if (o.rate == 0) return from.published() < to.seen_by_all() + o.ahead;
        if (load::now() < next) return false;
        next += 1'000'000'000 / o.rate;
        return true;
    };
    const auto for_seconds = [](double seconds) {
        return [end = load::now() + nanoseconds(seconds)] { return load::now() >= end; };
    };
    publish(from, to, due, for_seconds(o.warm_up));
    to.delays.clear();
    const auto before = to.deliveries();
    const auto pieces_before = to.pieces();
    const auto published_before = from.published();
    const auto cpu_before = server.cpu_seconds();
    const auto start = load::now();
    publish(from, to, due, for_seconds(o.seconds));
    const auto deliveries = static_cast<double>(to.deliveries() - before);
    const auto cpu = server.cpu_seconds() - cpu_before;
    const auto wall = static_cast<double>(load::now() - start) / 1e9;
    json result{{"deliveries", deliveries},
                {"per_piece", deliveries / static_cast<double>(to.pieces() - pieces_before)},
                {"published", from.published() - published_before},
                {"cpu_seconds", cpu},
                {"seconds", wall},
                {"per_cpu_second", deliveries / cpu},
                {"p50_seconds", static_cast<double>(to.delays.quantile(0.5)) / 1e9},
                {"p99_seconds", static_cast<double>(to.delays.quantile(0.99)) / 1e9}};
    finish(from, to);
    return result;
}

/// A fixed number of events, while some never read.
json stuck(const options& o, const load::server_processes& server) {
    load::subscribers to{o.port, o.connections, o.stuck};
    load::publisher from{o.port, o.size};
    const auto resident_before = server.resident();
    const auto cpu_before = server.cpu_seconds();
    const auto start = load::now();
    double most = resident_before;
    std::uint64_t next_look = start;
    publish(
        from, to, [&] { return from.published() < std::min(to.seen_by_all() + o.ahead, o.events); },
        [&] {
            if (load::now() >= next_look) {
                next_look = load::now() + nanoseconds(0.02);
                most = std::max(most, server.resident());
            }
            if (load::now() > start + nanoseconds(300)) throw std::runtime_error{"it takes too long"};
            return to.seen_by_all() == o.events;
        });
    return {{"seconds", static_cast<double>(load::now() - start) / 1e9},
            {"cpu_seconds", server.cpu_seconds() - cpu_before},
            {"growth", std::max(most, server.resident()) - resident_before}};
}

/// How fast they connect, and what they cost when nothing happens.
json idle(const options& o, const load::server_processes& server) {
    load::fleet all{o.port};
    const auto resident_before = server.resident();
    const auto cpu_before = server.cpu_seconds();
    const auto start = load::now();
    all.open(o.connections, o.path);
    const auto wall = static_cast<double>(load::now() - start) / 1e9;
    const auto cpu = server.cpu_seconds() - cpu_before;
    // The server is to have freed what it needed to answer the last of them: nothing tells when it has.
    std::this_thread::sleep_for(std::chrono::seconds{1});
    return {{"seconds", wall},
            {"per_second", static_cast<double>(o.connections) / wall},
            {"per_cpu_second", static_cast<double>(o.connections) / cpu},
            {"resident_each", (server.resident() - resident_before) / static_cast<double>(o.connections)}};
}

/// Events that a server sends for ever.
json firehose(const options& o, const load::server_processes& server) {
    load::fleet all{o.port};
    all.open(o.connections, o.path);
    std::vector<char> last(o.connections);
    std::uint64_t events = 0;
    const auto count = [&](std::size_t number, std::string_view bytes) {
        if (last[number] == '\n' && bytes.front() == '\n') ++events;
        for (std::size_t at = 0; (at = bytes.find('\n', at)) != bytes.npos; ++at)
            if (at + 1 < bytes.size() && bytes[at + 1] == '\n') ++events;
        last[number] = bytes.back();
    };
    for (const auto end = load::now() + nanoseconds(o.warm_up); load::now() < end;) all.read(10, count);
    events = 0;
    const auto cpu_before = server.cpu_seconds();
    const auto start = load::now();
    while (load::now() < start + nanoseconds(o.seconds)) all.read(10, count);
    const auto cpu = server.cpu_seconds() - cpu_before;
    return {{"events", events},
            {"cpu_seconds", cpu},
            {"seconds", static_cast<double>(load::now() - start) / 1e9},
            {"per_cpu_second", static_cast<double>(events) / cpu}};
}

/// One request after the other on each connection.
json hello(const options& o, const load::server_processes& server) {
    constexpr std::string_view request =
        "GET /hello HTTP/1.1\r\nHost: bench\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n";
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<load::socket_to_server> sockets;
    for (std::size_t number = 0; number < o.connections; ++number) {
        const auto& socket = sockets.emplace_back(o.port, number);
        epoll_event interest{EPOLLIN, {.u64 = number}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, socket.descriptor(), &interest);
        socket.send(request);
    }
    std::uint64_t answers = 0;
    const auto answer_for = [&](double seconds) {
        std::vector<epoll_event> ready(o.connections);
        std::vector<char> answer(4096);
        for (const auto end = load::now() + nanoseconds(seconds); load::now() < end;) {
            const int count = ::epoll_wait(poll, ready.data(), static_cast<int>(ready.size()), 100);
            for (int i = 0; i < count; ++i) {
                const auto& socket = sockets[ready[static_cast<std::size_t>(i)].data.u64];
                const auto got = ::recv(socket.descriptor(), answer.data(), answer.size(), 0);
                if (got <= 0 || !std::string_view{answer.data(), static_cast<std::size_t>(got)}.ends_with(
                                    "Hello, World!"))
                    throw std::runtime_error{"an answer did not come in one piece"};
                ++answers;
                socket.send(request);
            }
        }
    };
    answer_for(o.warm_up);
    answers = 0;
    const auto cpu_before = server.cpu_seconds();
    answer_for(o.seconds);
    const auto cpu = server.cpu_seconds() - cpu_before;
    return {
        {"requests", answers}, {"cpu_seconds", cpu}, {"per_cpu_second", static_cast<double>(answers) / cpu}};
}

using scenario = json (*)(const options&, const load::server_processes&);

} // namespace

int main(int argc, char** argv) try {
    options o;
    scenario chosen = nullptr;
    CLI::App app{"Puts a load on a server, and prints what it has measured as one line of JSON."};
    const auto add = [&](const std::string& name, const std::string& about, scenario what) {
        auto* command = app.add_subcommand(name, about);
        command->add_option("--port", o.port, "of the server, on the loopback interface")->required();
        command->add_option("--pid", o.pids, "the server's processes, to be measured")->required();
        command->add_option("--connections", o.connections)->check(CLI::Range(1, 19'000));
        command->callback([&chosen, what] { chosen = what; });
        return command;
    };
    auto* const fan_out = add("broadcast", "events to all subscribers", broadcast);
    fan_out->add_option("--rate", o.rate, "events a second; without it, as fast as it goes");
    auto* const with_stuck = add("stuck", "events to all, of which some never read", stuck);
    with_stuck->add_option("--stuck", o.stuck, "how many never read")->required();
    with_stuck->add_option("--events", o.events, "how many are published")->required();
    for (auto* command : {fan_out, with_stuck}) {
        command->add_option("--size", o.size, "bytes of an event's data")->check(CLI::Range(32, 65'536));
        command->add_option("--ahead", o.ahead, "how far the publisher may be ahead")
            ->check(CLI::Range(1, 4'000));
    }
    auto* const connect = add("idle", "connections that do nothing", idle);
    auto* const endless = add("firehose", "events without end", firehose);
    for (auto* command : {connect, endless}) command->add_option("--path", o.path, "what is asked for");
    auto* const requests = add("hello", "GET /hello over connections that are kept", hello);
    for (auto* command : {fan_out, endless, requests}) {
        command->add_option("--seconds", o.seconds, "to measure");
        command->add_option("--warm-up", o.warm_up, "seconds before that");
    }
    app.require_subcommand(1);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        fmt::print("{}", app.help());
        return 0;
    } catch (const CLI::ParseError& e) {
        fmt::print(stderr, "load: {}\n", e.what());
        return 2;
    }
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    fmt::print("{}\n", chosen(o, load::server_processes{o.pids}).dump());
    return 0;
} catch (const std::exception& e) {
    fmt::print(stderr, "load: {}\n", e.what());
    return 1;
}
