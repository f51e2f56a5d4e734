// What it costs to write an event down: nanoseconds for each, and bytes of its text per nanosecond. The
// baseline is a memcpy of the text.
#include <rill/sse/encode.hpp>

#include "figures.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace {

void measure(std::string_view what, const std::string& text) {
    const auto events = 200'000'000 / (text.size() + 100);
    const auto each = compare(
        [&] {
            std::string out;
            for (std::size_t i = 0; i < events; ++i) {
                if (out.size() > 32'768) out.clear();
                rill::encode(out, {.data = text});
            }
            keep(out.data());
        },
        [&] {
            std::array<char, 65'536> out;
            std::size_t size = 0;
            for (std::size_t i = 0; i < events; ++i) {
                if (size > 32'768) size = 0;
                std::memcpy(out.data() + size, text.data(), text.size());
                size += text.size();
                keep(out.data());
            }
        });
    const auto bytes = static_cast<double>(events * text.size());
    const auto count = static_cast<double>(events);
    fmt::print("encoding of {}: {:.1f} ns, {:.2f} GB/s; memcpy: {:.1f} ns, {:.2f} GB/s\n", what,
               each.work / count, bytes / each.work, each.baseline / count, bytes / each.baseline);
}

} // namespace

int main() {
    measure("a 20-byte token", "tokentokentokentoken");
    measure(
        "a 100-byte text of JSON",
        R"({"id":"chatcmpl-01234567","index":0,"choices":[{"delta":{"content":" token"},"finish":null}],"n":10})");
    std::string lines;
    for (int i = 0; i < 200; ++i) lines += fmt::format("{:049}\n", i);
    measure(fmt::format("{} bytes with 200 lines", lines.size()), lines);
}
