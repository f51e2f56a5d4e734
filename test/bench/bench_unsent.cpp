// What `limits::unsent_bytes` costs: the server's CPU time per GB, for a client that reads as fast as it can.
#include <rill/rill.hpp>

#include "figures.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <netinet/in.h>
#include <pthread.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

constexpr std::size_t megabyte = std::size_t{1} << 20U;
constexpr int answers = 16;

rill::event_stream events(rill::request&) {
    const std::string text(1000, 'x');
    for (std::size_t n = 0; n < 8 * megabyte; n += text.size()) co_yield {.data = text};
}

/// Reads an answer to its end, and gives its bytes.
std::size_t read_answer(std::uint16_t port, std::string_view path) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::size_t all = 0;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0) {
        const auto request = fmt::format("GET {} HTTP/1.0\r\n\r\n", path);
        ::send(socket, request.data(), request.size(), 0);
        static std::vector<char> space(megabyte);
        for (ssize_t size = 1; size > 0; all += static_cast<std::size_t>(size))
            if (size = ::recv(socket, space.data(), space.size(), 0); size < 0) size = 0;
    }
    ::close(socket);
    return all;
}

double seconds_of(std::thread& thread) {
    clockid_t clock{};
    timespec used{};
    ::pthread_getcpuclockid(thread.native_handle(), &clock);
    ::clock_gettime(clock, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

double seconds_per_gigabyte(const rill::router& routes, std::string_view path, std::size_t unsent) {
    rill::server server{routes, {.port = 0, .threads = 1, .limits = {.unsent_bytes = unsent}}};
    std::thread thread{[&] { server.run(); }};
    read_answer(server.port(), path); // what is done once
    const auto before = seconds_of(thread);
    std::size_t bytes = 0;
    for (int n = 0; n < answers; ++n) bytes += read_answer(server.port(), path);
    const auto used = seconds_of(thread) - before;
    server.stop();
    thread.join();
    return used / static_cast<double>(bytes) * 1e9;
}

} // namespace

int main() {
    rill::router routes;
    routes.get("/body", [](rill::request&) { return rill::response::text(std::string(8 * megabyte, 'x')); });
    routes.get("/events", events);
    for (const auto* path : {"/body", "/events"})
        for (const std::size_t unsent : {0, 16, 32, 64, 128}) {
            std::vector<double> runs;
            for (int run = 0; run < 5; ++run)
                runs.push_back(seconds_per_gigabyte(routes, path, unsent * 1024));
            fmt::print("{}, {}: {:.2f} s of the server's CPU time per GB\n", path,
                       unsent == 0 ? std::string{"without a bound"} : fmt::format("{} KiB unsent", unsent),
                       median(runs));
        }
}
