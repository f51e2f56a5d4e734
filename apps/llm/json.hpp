#pragma once

#include <exception>
#include <nlohmann/json.hpp>
#include <string_view>

// JSON from outside: from clients, and from a server upstream. The library reads it without recursion, but
// copies, compares and writes it with one call for each level, so that deep nesting would exhaust the stack.
namespace llm {

/// The levels of arrays and objects that JSON from outside may have. Tools need some: they describe their
/// arguments by a JSON Schema, which takes two levels for each of an argument's own.
inline constexpr int deepest = 64;

/// JSON has more levels than `deepest`.
class nested_too_deeply final : public std::exception {
public:
    [[nodiscard]] const char* what() const noexcept override { return "it is nested too deeply"; }
};

/// Reads JSON; what is broken becomes a value that `is_discarded()`, but half of a surrogate pair becomes
/// U+FFFD. Throws `nested_too_deeply`.
[[nodiscard]] nlohmann::json read_json(std::string_view text);

/// Reads the body of a request, which must be an object. Throws a `refusal` 400 if it is not, is broken, or
/// is nested too deeply.
[[nodiscard]] nlohmann::json read_body(std::string_view text);

/// The text of a member; empty if `from` is not an object, or the member is missing or not a text.
[[nodiscard]] std::string_view text_in(const nlohmann::json& from, std::string_view name);

} // namespace llm
