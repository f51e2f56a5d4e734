#include "unicode.hpp"

#include <algorithm>
#include <array>

namespace chat {
namespace {

struct range {
    char32_t first, last;
};

constexpr std::array<range, 10> white_space{{{0x9, 0xD},
                                             {0x20, 0x20},
                                             {0x85, 0x85},
                                             {0xA0, 0xA0},
                                             {0x1680, 0x1680},
                                             {0x2000, 0x200A},
                                             {0x2028, 0x2029},
                                             {0x202F, 0x202F},
                                             {0x205F, 0x205F},
                                             {0x3000, 0x3000}}};

constexpr std::array<range, 17> ignorable{{{0xAD, 0xAD},
                                           {0x34F, 0x34F},
                                           {0x61C, 0x61C},
                                           {0x115F, 0x1160},
                                           {0x17B4, 0x17B5},
                                           {0x180B, 0x180F},
                                           {0x200B, 0x200F},
                                           {0x202A, 0x202E},
                                           {0x2060, 0x206F},
                                           {0x3164, 0x3164},
                                           {0xFE00, 0xFE0F},
                                           {0xFEFF, 0xFEFF},
                                           {0xFFA0, 0xFFA0},
                                           {0xFFF0, 0xFFF8},
                                           {0x1BCA0, 0x1BCA3},
                                           {0x1D173, 0x1D17A},
                                           {0xE0000, 0xE0FFF}}};

template <typename Ranges>
bool is_in(const Ranges& ranges, char32_t c) noexcept {
    return std::ranges::any_of(ranges, [c](range r) { return c >= r.first && c <= r.last; });
}

/// Takes the first character off `utf8`, which has one.
char32_t take_character(std::string_view& utf8) noexcept {
    const auto first = static_cast<unsigned char>(utf8.front());
    const auto more = first < 0xC0U ? 0U : first < 0xE0U ? 1U : first < 0xF0U ? 2U : 3U;
    char32_t character = more == 0 ? first : first & (0x3FU >> more);
    for (auto i = 1U; i <= more; ++i)
        character = character << 6U | (static_cast<unsigned char>(utf8[i]) & 0x3FU);
    utf8.remove_prefix(1 + more);
    return character;
}

void append(std::string& to, char32_t c) {
    const auto more = c < 0x80 ? 0U : c < 0x800 ? 1U : c < 0x10000 ? 2U : 3U;
    constexpr std::array<unsigned, 4> marks{0x00, 0xC0, 0xE0, 0xF0};
    to += static_cast<char>(marks.at(more) | c >> (6 * more));
    for (auto i = more; i-- > 0;) to += static_cast<char>(0x80U | (c >> (6 * i) & 0x3FU));
}

} // namespace

std::u32string decoded(std::string_view utf8) {
    std::u32string characters;
    while (!utf8.empty()) characters += take_character(utf8);
    return characters;
}

std::string encoded(std::u32string_view characters) {
    std::string utf8;
    for (const auto c : characters) append(utf8, c);
    return utf8;
}

bool is_white_space(char32_t c) noexcept {
    return is_in(white_space, c);
}
bool is_ignorable(char32_t c) noexcept {
    return is_in(ignorable, c);
}
bool is_control(char32_t c) noexcept {
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}
bool ends_line(char32_t c) noexcept {
    return (c >= 0xA && c <= 0xD) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

} // namespace chat
