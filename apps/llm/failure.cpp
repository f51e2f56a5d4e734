#include "failure.hpp"

#include "json.hpp"

#include <array>
#include <string_view>

namespace llm {
namespace {

using nlohmann::json;

constexpr std::string_view no_words = "the server upstream reports an error";

/// The words in an object; empty if there are none.
std::string_view words_in(const json& said) {
    constexpr std::array<std::string_view, 5> names{"message", "error_message", "detail", "error_msg", "msg"};
    for (const auto name : names)
        if (const auto words = text_in(said, name); !words.empty()) return words;
    return {};
}

const json& value_at(const json& from, std::string_view name) {
    static const json none;
    const auto found = from.is_object() ? from.find(name) : from.end();
    return found == from.end() ? none : *found;
}

/// Whether a member says something: some servers send an empty one with each chunk.
bool is_set(const json& value) {
    if (value.is_string()) return !value.get_ref<const std::string&>().empty();
    return !value.empty() && value != false && value != 0;
}

std::string or_no_words(std::string_view words) {
    return std::string{words.empty() ? no_words : words};
}

/// The words of a member `error`, or what stands beside it.
std::string explained(const json& error, const json& beside) {
    if (error.is_string()) return error.get<std::string>();
    const auto words = words_in(error);
    return or_no_words(words.empty() ? words_in(beside) : words);
}

} // namespace

std::optional<std::string> failure_in(const json& said) {
    if (said.is_array() && said.size() == 1 && said.front().is_object()) return failure_in(said.front());
    if (!said.is_object()) return std::nullopt;
    if (const auto& error = value_at(said, "error"); is_set(error)) return explained(error, said);
    if (text_in(said, "object") == "error" || text_in(said, "type") == "error")
        return or_no_words(words_in(said));
    const auto& choices = value_at(said, "choices");
    if (choices.is_null()) {
        const auto words = words_in(said);
        const bool emptied = said.contains("choices") && !value_at(said, "usage").is_object();
        if (!words.empty() || emptied) return or_no_words(words);
    }
    if (!choices.is_array() || choices.empty()) return std::nullopt;
    const auto& choice = choices.front();
    if (const auto& error = value_at(choice, "error"); is_set(error)) return explained(error, said);
    if (text_in(choice, "finish_reason") == "error") return or_no_words(words_in(said));
    return std::nullopt;
}

} // namespace llm
