#include "prose.hpp"

#include <algorithm>
#include <cstddef>

namespace llm {
namespace {

bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// Letters, digits, and all that is not ASCII: a word in any script.
bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (static_cast<unsigned char>(c) & 0x80U) != 0;
}

/// What joins letters to one word, as in back-pressure, text/event-stream, std::string and isn't.
bool is_joint(char c) noexcept {
    return std::string_view{"-/.:'@"}.find(c) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

/// The line behind what makes it an item of a list, or nothing if it is none.
std::string_view list_item(std::string_view line) noexcept {
    if (line.starts_with("- ") || line.starts_with("* ")) return line.substr(2);
    const auto digits = std::min(line.find_first_not_of("0123456789"), line.size());
    return digits > 0 && line.substr(digits).starts_with(". ") ? line.substr(digits + 2) : std::string_view{};
}

/// The words of a line, without what marks them up.
std::string plain(std::string_view line) {
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const auto rest = line.substr(i);
        if (rest.starts_with("![")) { // a picture, whose text describes what is not here
            const auto end = rest.find(')');
            i += end == rest.npos ? rest.size() : end;
        } else if (rest.starts_with("](")) {
            const auto end = rest.find(')');
            i += end == rest.npos ? rest.size() : end;
        } else if (rest.starts_with("**") || rest.starts_with("~~")) {
            ++i;
        } else if (std::string_view{"`[]*"}.find(rest.front()) == std::string_view::npos) {
            out += rest.front();
        }
    }
    return out;
}

/// Takes the lines of a document, one after the other.
class reader {
public:
    void take(std::string_view raw) {
        const auto line = trimmed(raw);
        if (line.starts_with("```")) {
            end_paragraph();
            in_code_ = !in_code_;
        } else if (in_code_) {
            return;
        } else if (line.starts_with('#')) {
            end_section();
        } else if (line.empty() || line.starts_with('|') || line.starts_with('<')) {
            end_paragraph();
        } else if (const auto item = list_item(line); !item.empty()) {
            end_paragraph();
            add(item);
        } else if (!raw.starts_with("    ") || !paragraph_.empty()) { // what is indented is code
            add(line);
        }
    }

    std::vector<section> finish() {
        end_section();
        return std::move(sections_);
    }

private:
    void add(std::string_view line) {
        if (!paragraph_.empty()) paragraph_ += ' ';
        paragraph_ += line;
    }

    void end_paragraph() {
        auto text = plain(paragraph_);
        paragraph_.clear();
        // A line that leads to code says little without it.
        if (!text.empty() && std::string_view{".!?"}.find(text.back()) != std::string_view::npos)
            paragraphs_.push_back(std::move(text));
    }

    void end_section() {
        end_paragraph();
        if (!paragraphs_.empty()) sections_.push_back(std::move(paragraphs_));
        paragraphs_.clear();
    }

    bool in_code_ = false;
    std::string paragraph_;
    section paragraphs_;
    std::vector<section> sections_;
};

/// How many bytes of `text` are its first word; 0 if it begins with none.
std::size_t word_size(std::string_view text) noexcept {
    std::size_t size = 0;
    while (size < text.size()) {
        const bool joins = size > 0 && is_joint(text[size]) && size + 1 < text.size();
        if (is_letter(text[size]))
            ++size;
        else if (joins && is_letter(text[size + 1]))
            size += 2;
        else if (joins && text.substr(size, 2) == "::" && size + 2 < text.size() && is_letter(text[size + 2]))
            size += 3;
        else
            break;
    }
    return size;
}

} // namespace

std::vector<section> prose(std::string_view markdown) {
    reader lines;
    while (!markdown.empty()) {
        const auto end = std::min(markdown.find('\n'), markdown.size());
        lines.take(markdown.substr(0, end));
        markdown.remove_prefix(std::min(end + 1, markdown.size()));
    }
    return lines.finish();
}

std::vector<std::string_view> tokens(std::string_view text) {
    std::vector<std::string_view> found;
    for (std::size_t at = 0; at < text.size();) {
        auto begin = at;
        while (begin < text.size() && is_space(text[begin])) ++begin;
        if (begin == text.size()) break;
        if (std::ranges::count(text.substr(at, begin - at), '\n') > 1 && !found.empty()) {
            found.push_back(paragraph_break);
            at = begin;
        }
        const auto size = std::max<std::size_t>(1, word_size(text.substr(begin)));
        const bool spaced = begin > at && text[begin - 1] == ' ';
        found.push_back(text.substr(begin - (spaced ? 1 : 0), size + (spaced ? 1 : 0)));
        at = begin + size;
    }
    return found;
}

bool is_word(std::string_view token) noexcept {
    if (token.starts_with(' ')) token.remove_prefix(1);
    return !token.empty() && is_letter(token.front());
}

} // namespace llm
