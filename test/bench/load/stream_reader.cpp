#include "stream_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <stdexcept>

namespace load {
namespace {

bool has_field(std::string_view head, std::string_view line) {
    const auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
    };
    return !std::ranges::search(head, line, same).empty();
}

unsigned digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    const auto lower = static_cast<char>(c | 0x20);
    if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
    throw std::runtime_error{"a chunk's size is no number"};
}

} // namespace

/// Gives how many of `bytes` belong to the head.
std::size_t stream_reader::read_head(std::string_view bytes) {
    constexpr std::string_view end = "\r\n\r\n";
    const auto before = unfinished_.size();
    unfinished_ += bytes;
    const auto at = unfinished_.find(end);
    if (at == std::string::npos) return bytes.size();
    if (!unfinished_.starts_with("HTTP/1.1 200 "))
        throw std::runtime_error{
            fmt::format("answered with {}", unfinished_.substr(0, unfinished_.find('\r')))};
    unfinished_.resize(at + end.size());
    const auto used = unfinished_.size() - before;
    place_ = has_field(unfinished_, "\r\ntransfer-encoding: chunked\r\n") ? place::size : place::until_close;
    std::string{}.swap(unfinished_);
    return used;
}

std::string_view stream_reader::take(std::span<char> bytes) {
    auto* out = bytes.data();
    for (std::size_t at = 0; at < bytes.size();) {
        const auto rest = bytes.subspan(at);
        switch (place_) {
        case place::head: at += read_head({rest.data(), rest.size()}); break;
        case place::size:
            ++at;
            if (rest[0] == '\n') {
                place_ = place::data;
                if (left_ == 0) throw std::runtime_error{"the stream has ended"};
            } else if (rest[0] != '\r') {
                left_ = left_ * 16 + digit(rest[0]);
            }
            break;
        case place::data: {
            const auto count = std::min<std::uint64_t>(left_, rest.size());
            std::memmove(out, rest.data(), count);
            out += count;
            at += count;
            left_ -= count;
            if (left_ == 0) place_ = place::data_end;
            break;
        }
        case place::data_end:
            ++at;
            if (rest[0] == '\n') place_ = place::size;
            break;
        case place::until_close:
            std::memmove(out, rest.data(), rest.size());
            out += rest.size();
            at += rest.size();
            break;
        }
    }
    return {bytes.data(), out};
}

} // namespace load
