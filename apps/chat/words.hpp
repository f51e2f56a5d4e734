#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// What people may call themselves, and what they may say. All texts are UTF-8: a request gives no others.
namespace chat {

inline constexpr std::size_t most_name_characters = 32;
inline constexpr std::size_t most_text_characters = 2'000;
/// A character has four at most.
inline constexpr std::size_t most_text_bytes = 8 * 1024;

/// `wanted` without the white space at its ends, and with one blank for each other piece of it. Throws
/// `rill::http_error` 400 unless it has 1 to `most_name_characters` characters, one of them visible, and none
/// of them
/// - a control character or a line end,
/// - one that is not drawn, as those that turn the direction of the text; what Persian, Mongolian, Japanese
///   and emoji are spelled with (joiners, variation selectors, tags) may be in it,
/// - one of `<`, `>` and `#`, which the room puts around names and into those that it gives, or like them.
[[nodiscard]] std::string checked_name(std::string_view wanted);

/// What two names have in common that look alike: `name` without the characters that are not drawn, and with
/// A to Z in lower case. Letters of several scripts that look alike are still different.
[[nodiscard]] std::string name_key(std::string_view name);

/// Throws `rill::http_error` 400 if nothing in `text` is visible, or if a control character other than a tab
/// and a line end is in it: a terminal would obey it. 413 if it has more than `most_text_characters`.
void check_text(std::string_view text);

/// What all read: `<name>: text`. All lines but the first begin with two blanks, so that none of them looks
/// like what another user says; each form of a line end counts, and becomes an LF.
[[nodiscard]] std::string message_of(std::string_view name, std::string_view text);

} // namespace chat
