#include "words.hpp"

#include <rill/app/http_error.hpp>
#include <rill/base/text.hpp>

#include "unicode.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace chat {
namespace {

[[noreturn]] void refuse(std::string_view why) {
    throw rill::http_error{rill::status::bad_request, why};
}

/// Drawn as nothing, though Unicode has it as a symbol: the Braille pattern without dots.
bool is_blank_symbol(char32_t c) noexcept {
    return c == 0x2800;
}

bool is_visible(char32_t c) noexcept {
    return !is_white_space(c) && !is_ignorable(c) && !is_control(c) && !is_blank_symbol(c);
}

/// What some scripts and emoji are spelled with, although it is not drawn: joiners, variation selectors, and
/// the tags of flags.
bool spells(char32_t c) noexcept {
    return c == 0x200C || c == 0x200D || (c >= 0x180B && c <= 0x180F && c != 0x180E) ||
           (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0020 && c <= 0xE007F) || (c >= 0xE0100 && c <= 0xE01EF);
}

/// `<`, `>` and `#`, and the forms of them that look alike: small and full-width.
bool is_of_the_room(char32_t c) noexcept {
    constexpr std::u32string_view marks = U"<>#\uFE64\uFE65\uFE5F\uFF1C\uFF1E\uFF03";
    return marks.find(c) != marks.npos;
}

bool may_be_in_name(char32_t c) noexcept {
    const bool annotates = c >= 0xFFF9 && c <= 0xFFFB; // between lines, if at all
    const bool hides = (is_ignorable(c) && !spells(c)) || is_blank_symbol(c) || annotates;
    return !is_control(c) && !ends_line(c) && !hides && !is_of_the_room(c);
}

void trim(std::u32string& text) {
    while (!text.empty() && is_white_space(text.back())) text.pop_back();
    text.erase(0, static_cast<std::size_t>(
                      std::distance(text.begin(), std::ranges::find_if_not(text, is_white_space))));
}

} // namespace

std::string checked_name(std::string_view wanted) {
    auto given = decoded(wanted);
    trim(given);
    if (!std::ranges::all_of(given, may_be_in_name))
        refuse("a name has no <, >, #, and no control and invisible characters");
    std::u32string name;
    for (const auto c : given)
        if (!is_white_space(c))
            name += c;
        else if (name.back() != U' ')
            name += U' ';
    if (name.size() > most_name_characters || std::ranges::none_of(name, is_visible))
        refuse(fmt::format("a name has 1 to {} characters", most_name_characters));
    return encoded(name);
}

std::string name_key(std::string_view name) {
    auto key = decoded(name);
    std::erase_if(key, is_ignorable);
    auto text = encoded(key);
    std::ranges::transform(text, text.begin(), rill::to_lower);
    return text;
}

void check_text(std::string_view text) {
    const auto characters = decoded(text);
    if (characters.size() > most_text_characters)
        throw rill::http_error{rill::status::content_too_large,
                               fmt::format("{} characters are too many: a message has at most {}",
                                           characters.size(), most_text_characters)};
    if (std::ranges::any_of(characters, [](char32_t c) { return is_control(c) && !is_white_space(c); }))
        refuse("a message has no control characters but tabs and line ends");
    if (std::ranges::none_of(characters, is_visible)) refuse("there is nothing in the message");
}

std::string message_of(std::string_view name, std::string_view text) {
    std::u32string lines;
    bool after_cr = false;
    for (const auto c : decoded(text)) {
        if (!ends_line(c))
            lines += c;
        else if (c != U'\n' || !after_cr)
            lines += U"\n  ";
        after_cr = c == U'\r';
    }
    return fmt::format("<{}>: {}", name, encoded(lines));
}

} // namespace chat
