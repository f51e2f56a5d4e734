#pragma once

#include <rill/base/export.hpp>

#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

// Small things to do with text that more than one layer needs.
namespace rill {

/// Whether `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
[[nodiscard]] RILL_EXPORT bool is_utf8(std::string_view text) noexcept;

/// `c` in lower case if it is one of A to Z, else `c`.
[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// Whether `a` and `b` are the same but for the case of A to Z.
[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (to_lower(a[i]) != to_lower(b[i])) return false;
    return true;
}

/// `text` without the spaces and tabs at its ends (the optional white space of RFC 9110 §5.6.3).
[[nodiscard]] constexpr std::string_view trim(std::string_view text) noexcept {
    const auto first = text.find_first_not_of(" \t");
    if (first == text.npos)
        return text.substr(0, 0); // not a view of nothing: to an event that makes a difference
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

namespace detail {

/// What converts to anything, so that its becoming a text is an accident: a nlohmann::json does, and throws
/// unless it holds a string. Functions that take a text have an overload for it, in which `refuse_text` says
/// so.
template <typename T>
concept converts_to_anything = std::is_class_v<std::remove_cvref_t<T>> &&
                               std::is_convertible_v<T, std::string> && std::is_convertible_v<T, int>;

template <typename T>
constexpr void refuse_text() {
    static_assert(sizeof(std::add_pointer_t<T>) == 0,
                  "a body is text, and this is a value: pass json.dump() of a nlohmann::json");
}

} // namespace detail

/// What a piece of a URL or of a form can be read as by `parse`: a number, a `bool` or a `std::string`.
template <typename T>
concept parsable = std::is_arithmetic_v<T> || std::is_same_v<T, std::string>;

/// The whole of `text` as a `T`, or nothing where it is not one or is out of `T`'s range.
///
/// Numbers are decimal, without a leading plus or white space; a `bool` is `true`, `false`, `1` or `0`.
template <parsable T>
[[nodiscard]] std::optional<T> parse(std::string_view text) {
    if constexpr (std::same_as<T, std::string>) {
        return std::string{text};
    } else if constexpr (std::same_as<T, bool>) {
        if (text == "true" || text == "1") return true;
        if (text == "false" || text == "0") return false;
        return std::nullopt;
    } else {
        T value{};
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
        return value;
    }
}

} // namespace rill
