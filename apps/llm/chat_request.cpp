#include "chat_request.hpp"

#include "json.hpp"
#include "refusal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace llm {
namespace {

using nlohmann::json;

constexpr std::size_t most_stops = 4;
constexpr std::array<std::string_view, 6> roles{"system",    "developer", "user",
                                                "assistant", "tool",      "function"};
/// What changes the form of the answer to one that is not had here.
constexpr std::array<std::string_view, 8> unsupported{"tools",        "functions",    "logprobs",
                                                      "top_logprobs", "audio",        "web_search_options",
                                                      "prediction",   "function_call"};

[[noreturn]] void refuse(std::string_view param, std::string_view why, std::string_view code = {}) {
    throw refusal{rill::status::bad_request, why, param, code};
}

/// The member of that name; null if there is none, or if it is null itself.
const json* member(const json& from, std::string_view name) {
    const auto found = from.find(name);
    return found == from.end() || found->is_null() ? nullptr : &*found;
}

std::optional<double> number(const json& from, std::string_view name, double most) {
    const auto* value = member(from, name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number() || value->get<double>() < 0 || value->get<double>() > most)
        refuse(name, fmt::format("'{}' is no number from 0 to {}", name, most));
    return value->get<double>();
}

/// Some clients write 50.0.
bool is_whole_float(const json& value) {
    constexpr double most = 9007199254740992; // up to there each whole number is one
    if (!value.is_number_float()) return false;
    const auto number = value.get<double>();
    return number >= -most && number <= most && std::trunc(number) == number;
}

std::optional<std::int64_t> whole_number(const json& from, std::string_view name, std::int64_t least) {
    const auto* value = member(from, name);
    if (value == nullptr) return std::nullopt;
    if (is_whole_float(*value) && value->get<double>() >= static_cast<double>(least))
        return static_cast<std::int64_t>(value->get<double>());
    const bool fits =
        value->is_number_integer() &&
        (!value->is_number_unsigned() ||
         value->get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    if (!fits || value->get<std::int64_t>() < least)
        refuse(name, least > 0 ? fmt::format("'{}' is no whole number from {} on", name, least)
                               : fmt::format("'{}' is no whole number of 64 bits", name));
    return value->get<std::int64_t>();
}

bool flag(const json& from, std::string_view name) {
    const auto* value = member(from, name);
    if (value == nullptr) return false;
    if (!value->is_boolean()) refuse(name, fmt::format("'{}' is neither true nor false", name));
    return value->get<bool>();
}

std::string text_of_part(const json& part, const std::string& place) {
    const auto* type = part.is_object() ? member(part, "type") : nullptr;
    if (type == nullptr || !type->is_string())
        refuse(place, fmt::format("'{}' is no part with a 'type'", place));
    if (*type != "text") refuse(place, "only text can be read here, no other parts of content");
    const auto* text = member(part, "text");
    if (text == nullptr || !text->is_string()) refuse(place, fmt::format("'{}' has no 'text'", place));
    return text->get<std::string>();
}

std::string content_of(const json& said, std::string_view role, const std::string& place) {
    const auto* content = member(said, "content");
    if (content == nullptr && role == "assistant") return {}; // it called a tool
    if (content != nullptr && content->is_string()) return content->get<std::string>();
    if (content == nullptr || !content->is_array())
        refuse(place, fmt::format("'{}' is neither a text nor an array of parts", place));
    std::string all;
    for (std::size_t i = 0; i < content->size(); ++i)
        all += text_of_part((*content)[i], fmt::format("{}[{}]", place, i));
    return all;
}

std::vector<message> messages_in(const json& from) {
    const auto* list = member(from, "messages");
    if (list == nullptr) refuse("messages", "'messages' is missing", "missing_required_parameter");
    if (!list->is_array() || list->empty()) refuse("messages", "'messages' is no array with something in it");
    std::vector<message> all;
    for (std::size_t i = 0; i < list->size(); ++i) {
        const auto& said = (*list)[i];
        const auto place = fmt::format("messages[{}]", i);
        if (!said.is_object()) refuse(place, fmt::format("'{}' is no object", place));
        const auto* role = member(said, "role");
        if (role == nullptr || !role->is_string() ||
            std::ranges::find(roles, role->get_ref<const std::string&>()) == roles.end())
            refuse(place + ".role", fmt::format("'{}.role' is none of {}", place, fmt::join(roles, ", ")));
        auto name = role->get<std::string>();
        auto content = content_of(said, name, place + ".content");
        all.emplace_back(std::move(name), std::move(content));
    }
    return all;
}

std::vector<std::string> stops_in(const json& from) {
    const auto* value = member(from, "stop");
    if (value == nullptr) return {};
    const auto list = value->is_string() ? json::array({*value}) : *value;
    const bool fits =
        list.is_array() && list.size() <= most_stops && std::ranges::all_of(list, [](const json& one) {
            return one.is_string() && !one.get_ref<const std::string&>().empty();
        });
    if (!fits)
        refuse("stop",
               fmt::format("'stop' is neither a text nor an array of up to {}, or one is empty", most_stops));
    return list.get<std::vector<std::string>>();
}

/// Whether a member says no more than nothing would.
bool is_idle(const json& value) {
    return value == false || value == 0 || value == "none" || (value.is_array() && value.empty());
}

void refuse_unsupported(const json& from) {
    for (const auto name : unsupported)
        if (const auto* value = member(from, name); value != nullptr && !is_idle(*value))
            refuse(name, fmt::format("'{}' is not supported here", name), "unsupported_parameter");
    if (const auto* n = member(from, "n"); n != nullptr && *n != 1)
        refuse("n", "there can be one choice only: 'n' must be 1", "unsupported_value");
    if (const auto* format = member(from, "response_format"))
        if (!format->is_object() || format->value("type", json{}) != "text")
            refuse("response_format", "the answer can be text only", "unsupported_value");
    if (const auto* forms = member(from, "modalities"); forms != nullptr && *forms != json::array({"text"}))
        refuse("modalities", "the answer can be text only", "unsupported_value");
}

std::string model_in(const json& from) {
    const auto* name = member(from, "model");
    if (name == nullptr) refuse("model", "'model' is missing", "missing_required_parameter");
    if (!name->is_string()) refuse("model", "'model' is no text");
    return name->get<std::string>();
}

} // namespace

std::string_view chat_request::prompt() const noexcept {
    const auto last = std::find_if(messages.rbegin(), messages.rend(),
                                   [](const message& said) { return said.role == "user"; });
    return last == messages.rend() ? std::string_view{} : std::string_view{last->content};
}

chat_request read_chat_request(std::string_view body) {
    const auto given = read_body(body);
    chat_request wanted;
    wanted.model = model_in(given);
    wanted.messages = messages_in(given);
    wanted.temperature = number(given, "temperature", 2);
    wanted.top_p = number(given, "top_p", 1);
    wanted.seed = whole_number(given, "seed", std::numeric_limits<std::int64_t>::min());
    for (const auto* name : {"max_tokens", "max_completion_tokens"}) // the newer name wins
        if (const auto most = whole_number(given, name, 1))
            wanted.max_tokens = static_cast<std::size_t>(*most);
    wanted.stop = stops_in(given);
    wanted.stream = flag(given, "stream");
    if (const auto* options = member(given, "stream_options")) {
        if (!wanted.stream) refuse("stream_options", "'stream_options' is for streams only");
        if (!options->is_object()) refuse("stream_options", "'stream_options' is no object");
        wanted.include_usage = flag(*options, "include_usage");
    }
    refuse_unsupported(given);
    return wanted;
}

} // namespace llm
