#include "json.hpp"

#include "refusal.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string>

namespace llm {
namespace {

using nlohmann::json;

json parse(std::string_view text, bool may_throw) {
    const auto check = [](int depth, json::parse_event_t event, const json&) {
        const bool opens =
            event == json::parse_event_t::object_start || event == json::parse_event_t::array_start;
        if (opens && depth >= deepest) throw nested_too_deeply{};
        return true;
    };
    return json::parse(text, check, may_throw);
}

/// The code unit of `\\uXXXX` at `at`; 0 if that is not one.
unsigned unit_at(std::string_view text, std::size_t at) {
    if (text.substr(at, 2) != "\\u") return 0;
    const auto digits = text.substr(at + 2, 4);
    unsigned unit = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
    return unit;
}

/// `text` with U+FFFD in place of each escape that is half of a surrogate pair: servers that cut an answer
/// between the halves of an emoji send such ones.
std::string without_halves(std::string text) {
    const auto in = [](unsigned unit, unsigned first) { return unit >= first && unit < first + 0x400; };
    for (auto at = text.find('\\'); at != text.npos; at = text.find('\\', at)) {
        const auto unit = unit_at(text, at);
        if (in(unit, 0xD800) && in(unit_at(text, at + 6), 0xDC00)) {
            at += 12;
        } else if (in(unit, 0xD800) || in(unit, 0xDC00)) {
            text.replace(at, 6, "\\ufffd");
            at += 6;
        } else {
            at += 2;
        }
    }
    return text;
}

[[noreturn]] void refuse(std::string_view why) {
    throw refusal{rill::status::bad_request, why};
}

} // namespace

json read_json(std::string_view text) {
    auto read = parse(text, false);
    if (read.is_discarded() && text.find("\\u") != text.npos)
        read = parse(without_halves(std::string{text}), false);
    return read;
}

json read_body(std::string_view text) {
    try {
        auto given = parse(text, true);
        if (!given.is_object()) refuse("the body is JSON, but no object");
        return given;
    } catch (const nested_too_deeply&) {
        refuse("the body is nested too deeply");
    } catch (const json::parse_error& cause) {
        refuse(fmt::format("the body is no JSON from its byte {} on", cause.byte));
    } catch (const json::out_of_range&) {
        refuse("the body has a number in it that is too large");
    }
}

std::string_view text_in(const json& from, std::string_view name) {
    const auto found = from.is_object() ? from.find(name) : from.end();
    if (found == from.end() || !found->is_string()) return {};
    return found->get_ref<const std::string&>();
}

} // namespace llm
