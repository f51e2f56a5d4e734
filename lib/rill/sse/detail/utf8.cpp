#include <rill/base/text.hpp>
#include <rill/sse/detail/utf8.hpp>

#include <cstddef>

namespace rill::detail {
namespace {

/// The bytes at the front of a text that are one character, or that an U+FFFD stands for.
struct part {
    std::size_t length;
    bool valid;
};

[[nodiscard]] part first_part(std::string_view text) noexcept {
    const auto byte = [text](std::size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) return {1, true};
    if (lead < 0xC2 || lead > 0xF4) return {1, false};
    const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    // Only the second byte has bounds of its own: against overlong forms, surrogates and above U+10FFFF.
    unsigned lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (std::size_t i = 1; i < length; ++i) {
        if (i == text.size() || byte(i) < lowest || byte(i) > highest) return {i, false};
        lowest = 0x80;
        highest = 0xBF;
    }
    return {length, true};
}

} // namespace

void append_utf8(std::string& out, std::string_view bytes) {
    if (is_utf8(bytes)) {
        out.append(bytes);
        return;
    }
    while (!bytes.empty()) {
        const auto part = first_part(bytes);
        out.append(part.valid ? bytes.substr(0, part.length) : "\xEF\xBF\xBD");
        bytes.remove_prefix(part.length);
    }
}

} // namespace rill::detail
