#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// The characters and small words that HTTP messages are made of.
namespace rill::detail {

/// Sets of characters, as bits of a table.
enum char_class : std::uint8_t {
    token_char = 1,    ///< of a method, a field name: RFC 9110 §5.6.2
    value_char = 2,    ///< of a field value: visible, space, TAB and 0x80 to 0xFF (obs-text), RFC 9110 §5.5
    target_char = 4,   ///< of a request target: visible ASCII, which is what browsers send
    host_char = 8,     ///< of a registered name, but for percent escapes: RFC 3986 §3.2.2
    cookie_octet = 16, ///< of a cookie's value: RFC 6265 §4.1.1
    path_char = 32     ///< of a path that means itself: of a target, and neither `%` nor `.`, `?` or `#`
};

inline constexpr auto char_classes = [] {
    std::array<std::uint8_t, 256> table{};
    const auto add = [&table](std::string_view chars, unsigned classes) {
        for (const char c : chars) table[static_cast<unsigned char>(c)] |= static_cast<std::uint8_t>(classes);
    };
    add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", token_char | host_char);
    add("!#$%&'*+-.^_`|~", token_char);
    add("-._~!$&'()*+,;=", host_char);
    add("\t ", value_char);
    for (unsigned c = 0x21; c <= 0x7E; ++c) table[c] |= value_char | target_char;
    for (unsigned c = 0x80; c <= 0xFF; ++c) table[c] |= value_char;
    for (unsigned c = 0x21; c <= 0x7E; ++c)
        if (c != '%' && c != '.' && c != '?' && c != '#') table[c] |= path_char;
    for (unsigned c = 0x21; c <= 0x7E; ++c)
        if (c != '"' && c != ',' && c != ';' && c != '\\') table[c] |= cookie_octet;
    return table;
}();

[[nodiscard]] constexpr bool is(char c, char_class k) noexcept {
    return (char_classes[static_cast<unsigned char>(c)] & k) != 0;
}

/// How many bytes at the beginning of `text` are of the class.
[[nodiscard]] constexpr std::size_t span(std::string_view text, char_class k) noexcept {
    std::size_t n = 0;
    while (n < text.size() && is(text[n], k)) ++n;
    return n;
}

/// `span(text, value_char)`, eight bytes at a time: values may be long. Sets `tabs` if a TAB is among them.
[[nodiscard]] inline std::size_t span_of_value(std::string_view text, bool& tabs) noexcept {
    constexpr std::uint64_t each = 0x0101'0101'0101'0101, high = 0x80 * each;
    std::size_t n = 0;
    for (std::uint64_t word = 0; text.size() - n >= sizeof word; ++n) {
        std::memcpy(&word, text.data() + n, sizeof word);
        const auto below_space = (word - 0x20 * each) & ~word;
        const auto delete_char = word ^ (0x7F * each);
        const auto stops = (below_space | ((delete_char - each) & ~delete_char)) & high;
        if (stops == 0) {
            n += sizeof word - 1;
            continue;
        }
        // Borrows make bits behind the first one that is right. What is found may be a TAB.
        if constexpr (std::endian::native == std::endian::little)
            n += static_cast<std::size_t>(std::countr_zero(stops)) / 8;
        if (!is(text[n], value_char)) return n;
        tabs = tabs || text[n] == '\t';
    }
    for (; n < text.size() && is(text[n], value_char); ++n) tabs = tabs || text[n] == '\t';
    return n;
}

[[nodiscard]] constexpr bool all(std::string_view text, char_class k) noexcept {
    return span(text, k) == text.size();
}

[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
    return !text.empty() && all(text, token_char);
}

[[nodiscard]] constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// The value of a hexadecimal digit, or -1.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Whether each percent sign in `text` begins an escape, `%` and two hexadecimal digits.
[[nodiscard]] bool has_whole_escapes(std::string_view text) noexcept;

/// Whether `text` is a host with an optional port, as `Host` has it (RFC 9110 §7.2): a name, an IPv4 address
/// or an IPv6 address in brackets. An empty host is none: the URIs of HTTP have one (RFC 9110 §4.2.1).
[[nodiscard]] bool is_host(std::string_view text) noexcept;

} // namespace rill::detail
