#include "subscribers.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <stdexcept>
#include <sys/socket.h>

namespace load {
namespace {

/// More than any publisher is ahead of the slowest subscriber.
constexpr std::size_t most_ahead = 4'096;
constexpr std::size_t number_width = 10;
constexpr std::size_t time_width = 19;

std::uint64_t number_in(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size())
        throw std::runtime_error{fmt::format("an event has \"{}\" where a number was sent", text)};
    return value;
}

} // namespace

std::uint64_t now() noexcept {
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count());
}

publisher::publisher(std::uint16_t port, std::size_t size)
    : socket_{port, 0},
      head_{fmt::format(
          "POST /publish HTTP/1.1\r\nHost: bench\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
          size)},
      size_{size} {}

void publisher::publish() {
    auto request = head_;
    fmt::format_to(std::back_inserter(request), "{:0{}} {:0{}} ", ++published_, number_width, now(),
                   time_width);
    request.resize(head_.size() + size_, '.');
    socket_.send(request);
    asked_ = true;
}

bool publisher::ready() {
    if (!asked_) return true;
    char answer[4096];
    const auto count = ::recv(socket_.descriptor(), answer, sizeof answer, MSG_DONTWAIT);
    if (count < 0) return false;
    if (!std::string_view{answer, static_cast<std::size_t>(count)}.starts_with("HTTP/1.1 2"))
        throw std::runtime_error{"an event was not taken"};
    asked_ = false;
    return true;
}

subscribers::subscribers(std::uint16_t port, std::size_t count, std::size_t stuck)
    : fleet_{port}, stuck_{stuck}, places_(count), seen_by_(most_ahead) {
    fleet_.open(count, "/events");
    fleet_.neglect(stuck);
}

void subscribers::read(int milliseconds) {
    std::uint64_t time = 0;
    fleet_.read(milliseconds, [&](std::size_t number, std::string_view bytes) {
        if (time == 0) time = now();
        ++pieces_;
        take(number, bytes, time);
    });
}

void subscribers::take(std::size_t number, std::string_view bytes, std::uint64_t time) {
    auto& unfinished = places_[number].line;
    for (;;) {
        const auto end = bytes.find('\n');
        if (end == bytes.npos) break;
        if (unfinished.empty()) {
            take_line(number, bytes.substr(0, end), time);
        } else {
            unfinished += bytes.substr(0, end);
            take_line(number, unfinished, time);
            unfinished.clear();
        }
        bytes.remove_prefix(end + 1);
    }
    unfinished += bytes;
}

void subscribers::take_line(std::size_t number, std::string_view line, std::uint64_t time) {
    if (!line.starts_with("data:")) return;
    line.remove_prefix(5);
    const auto begin = line.find_first_of("0123456789"); // there may be a space or a quote in front
    if (begin == line.npos || line.size() < begin + number_width + 1 + time_width)
        throw std::runtime_error{fmt::format("what came is no event of ours: {}", line)};
    line.remove_prefix(begin);
    const auto sequence = number_in(line.substr(0, number_width));
    auto& seen = places_[number].seen;
    if (sequence != ++seen)
        throw std::runtime_error{
            fmt::format("subscriber {} got event {} instead of {}", number, sequence, seen)};
    const auto sent = number_in(line.substr(number_width + 1, time_width));
    delays.add(time > sent ? time - sent : 0, 1);
    ++deliveries_;
    if (++seen_by_[sequence % most_ahead] < size()) return;
    seen_by_[sequence % most_ahead] = 0;
    seen_by_all_ = sequence;
}

} // namespace load
