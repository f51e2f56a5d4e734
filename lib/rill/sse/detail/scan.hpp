#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// Looking at text eight bytes at a time: the events of most streams are too short for anything cleverer to
// pay, and this is several bytes per nanosecond on long ones.
namespace rill::detail {

inline constexpr std::uint64_t every_byte = 0x0101010101010101U;
inline constexpr std::uint64_t high_bits = 0x80 * every_byte;

[[nodiscard]] inline std::uint64_t load_word(const char* p) noexcept {
    std::uint64_t word; // NOLINT(cppcoreguidelines-init-variables)
    std::memcpy(&word, p, sizeof word);
    return word;
}

/// Not 0 if one of the eight bytes is 0, else 0.
[[nodiscard]] constexpr std::uint64_t zeros_in(std::uint64_t word) noexcept {
    return (word - every_byte) & ~word & high_bits;
}

/// Not 0 if one of the eight bytes is CR or LF, else 0.
[[nodiscard]] constexpr std::uint64_t line_ends_in(std::uint64_t word) noexcept {
    return zeros_in(word ^ ('\n' * every_byte)) | zeros_in(word ^ ('\r' * every_byte));
}

/// Not 0 if one of the eight bytes is a control of ASCII, below 0x20 or 0x7F, else 0.
[[nodiscard]] constexpr std::uint64_t controls_in(std::uint64_t word) noexcept {
    return ((word - 0x20 * every_byte) & ~word & high_bits) | zeros_in(word ^ (0x7F * every_byte));
}

[[nodiscard]] constexpr bool is_line_end(char c) noexcept {
    return c == '\n' || c == '\r';
}

/// Where the first CR or LF of `text` is, or its size if there is none.
[[nodiscard]] inline std::size_t find_line_end(std::string_view text) noexcept {
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const char* p = begin;
    while (end - p >= 8 && line_ends_in(load_word(p)) == 0) p += 8;
    while (p != end && !is_line_end(*p)) ++p;
    return static_cast<std::size_t>(p - begin);
}

/// What one pass over a text found in it.
struct traits {
    bool found = false; ///< what was looked for
    bool non_ascii = false;
};

/// Looks for what `Find` finds in eight bytes: `line_ends_in` or `controls_in`.
template <std::uint64_t Find(std::uint64_t) noexcept>
[[nodiscard]] traits scan(std::string_view text) noexcept {
    const char* p = text.data();
    const char* const end = p + text.size();
    std::uint64_t found = 0;
    std::uint64_t bits = 0;
    for (; end - p >= 8; p += 8) {
        const auto word = load_word(p);
        found |= Find(word);
        bits |= word;
    }
    std::uint64_t last =
        ' ' * every_byte; // the bytes that are left, behind some seen before, or behind spaces
    if (text.size() >= 8)
        last = load_word(end - 8);
    else
        for (; p != end; ++p) last = last << 8 | static_cast<unsigned char>(*p);
    found |= Find(last);
    return {found != 0, ((bits | last) & high_bits) != 0};
}

} // namespace rill::detail
