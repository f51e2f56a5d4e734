// What it costs to read a stream: bytes per nanosecond of the decoder, in the pieces that a socket gives. The
// baseline is a memchr for each line's end in the same bytes.
#include <rill/sse/decode.hpp>

#include "figures.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

std::size_t messages_in(std::string_view stream, std::size_t piece_size) {
    rill::decoder decoder;
    std::size_t messages = 0;
    while (!stream.empty()) {
        auto piece = stream.substr(0, piece_size);
        stream.remove_prefix(piece.size());
        while (!piece.empty())
            if (decoder.next(piece) == rill::decoded::message) ++messages;
    }
    return messages;
}

std::size_t lines_in(std::string_view stream) {
    std::size_t lines = 0;
    for (const char *p = stream.data(), *end = p + stream.size(); p != end; ++lines) {
        const auto* found = std::memchr(p, '\n', static_cast<std::size_t>(end - p));
        if (!found) break;
        p = static_cast<const char*>(found) + 1;
    }
    return lines;
}

/// `event` as often as it makes 16 MiB.
void measure(std::string_view what, std::string_view event, std::size_t piece_size) {
    const auto count = (std::size_t{16} << 20) / event.size();
    std::string stream;
    for (std::size_t i = 0; i < count; ++i) stream += event;
    const auto time = compare(
        [&] {
            if (messages_in(stream, piece_size) != count) std::abort();
        },
        [&] {
            if (lines_in(stream) < count) std::abort();
        });
    const auto bytes = static_cast<double>(stream.size());
    fmt::print("decoding of {}: {:.2f} GB/s, {:.0f} ns each; memchr: {:.2f} GB/s\n", what, bytes / time.work,
               time.work / static_cast<double>(count), bytes / time.baseline);
}

} // namespace

int main() {
    measure("a model's tokens in pieces of 16 KiB",
            "data: {\"choices\":[{\"delta\":{\"content\":\" token\"}}]}\n\n", 16 * 1024);
    std::string one_line = "data: ";
    one_line.append(1'048'576, 'x').append("\n\n");
    measure("events of 1 MiB in one line, in pieces of 64 KiB", one_line, 64 * 1024);
    std::string many_lines;
    while (many_lines.size() < 1'048'576)
        many_lines += "data: a line of about sixty characters, as in a text that somebody wrote\n";
    many_lines += '\n';
    measure("the same of many lines", many_lines, 64 * 1024);
}
