#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llm {

/// The part of a document from one heading to the next: its paragraphs, and items of lists are some, too.
using section = std::vector<std::string>;

/// The prose of a document in Markdown: without code, tables, pictures and headings, and of links and
/// emphasis only the words. White space is one space each.
[[nodiscard]] std::vector<section> prose(std::string_view markdown);

/// What comes between two paragraphs.
inline constexpr std::string_view paragraph_break = "\n\n";

/// The tokens of a text, which are views of it: words and marks, each with the space before it, and
/// `paragraph_break` for lines that are empty. Joined they are the text again, but for its white space: a
/// token begins with one space at most.
///
///     tokens("A topic, of back-pressure.") == {"A", " topic", ",", " of", " back-pressure", "."}
[[nodiscard]] std::vector<std::string_view> tokens(std::string_view text);

/// Whether a token is a word, and no mark.
[[nodiscard]] bool is_word(std::string_view token) noexcept;

} // namespace llm
