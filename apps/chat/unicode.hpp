#pragma once

#include <string>
#include <string_view>

// What the chat has to know of characters: which ones nobody sees. The tables are those of Unicode 17.0
// (PropList.txt, DerivedCoreProperties.txt). The first has not changed since 6.3, and the second has places
// in it for what is still to come.
namespace chat {

/// The characters of well-formed UTF-8.
[[nodiscard]] std::u32string decoded(std::string_view utf8);
[[nodiscard]] std::string encoded(std::u32string_view characters);

/// The property White_Space: blanks, tabs and line ends.
[[nodiscard]] bool is_white_space(char32_t c) noexcept;

/// The property Default_Ignorable_Code_Point: what is not drawn, but may change its neighbours.
[[nodiscard]] bool is_ignorable(char32_t c) noexcept;

/// The general category Cc.
[[nodiscard]] bool is_control(char32_t c) noexcept;

/// Where a line must end (UAX #14: classes BK, CR, LF and NL).
[[nodiscard]] bool ends_line(char32_t c) noexcept;

} // namespace chat
