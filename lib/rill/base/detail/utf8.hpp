#pragma once

#include <cstddef>
#include <string_view>

namespace rill::detail {

/// The length of the character of UTF-8 that `text` begins with; 0 if it begins with none. (Unicode §3.9,
/// table 3-7)
[[nodiscard]] inline std::size_t utf8_length(std::string_view text) noexcept {
    const auto byte = [text](std::size_t i) -> unsigned { return static_cast<unsigned char>(text[i]); };
    const auto continues = [byte](std::size_t i) { return (byte(i) & 0xC0U) == 0x80; };
    if (text.empty()) return 0;
    const auto lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return text.size() >= 2 && continues(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (text.size() < 3 || !continues(1) || !continues(2)) return 0;
        if (lead == 0xE0 && byte(1) < 0xA0) return 0; // overlong
        if (lead == 0xED && byte(1) > 0x9F) return 0; // a surrogate
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (text.size() < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
        if (lead == 0xF0 && byte(1) < 0x90) return 0; // overlong
        if (lead == 0xF4 && byte(1) > 0x8F) return 0; // above U+10FFFF
        return 4;
    }
    return 0;
}

} // namespace rill::detail
