#include "words.hpp"

#include <rill/app/http_error.hpp>
#include <rill/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace chat {
namespace {

bool begins_character(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

auto characters(std::string_view utf8) noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(utf8, begins_character));
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

/// The joiners U+200C and U+200D are not among the invisible ones: Persian and emoji need them.
bool may_be_in_name(char32_t c) noexcept {
    const bool is_control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    const bool is_invisible = c == 0xAD || c == 0x200B || c == 0x200E || c == 0x200F ||
                              (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
    return !is_control && !is_invisible && c != '<' && c != '>' && c != '#';
}

} // namespace

std::string checked_name(std::string_view wanted) {
    const auto name = rill::trim(wanted);
    const auto refuse = [](std::string_view why) { throw rill::http_error{rill::status::bad_request, why}; };
    if (name.empty() || characters(name) > most_name_characters)
        refuse(fmt::format("a name has 1 to {} characters", most_name_characters));
    for (auto rest = name; !rest.empty();)
        if (!may_be_in_name(take_character(rest))) refuse("a name has no <, >, # and no control characters");
    return std::string{name};
}

void check_text(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == text.npos)
        throw rill::http_error{rill::status::bad_request, "there is nothing in the message"};
    if (const auto size = characters(text); size > most_text_characters)
        throw rill::http_error{
            rill::status::content_too_large,
            fmt::format("{} characters are too many: a message has at most {}", size, most_text_characters)};
}

} // namespace chat
