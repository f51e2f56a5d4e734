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

/// `wanted` without the blanks at its ends. Throws `rill::http_error` 400 unless it has 1 to
/// `most_name_characters` characters, none of them a control character, an invisible one that makes names
/// look alike, or one of `<`, `>` and `#`, which the room puts around names and into those that it gives.
[[nodiscard]] std::string checked_name(std::string_view wanted);

/// Throws `rill::http_error` 400 if there is nothing but white space in `text`, and 413 if it has more than
/// `most_text_characters`.
void check_text(std::string_view text);

} // namespace chat
