#include "publication.hpp"

#include <rill/app/http_error.hpp>
#include <rill/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace hub {
namespace {

using nlohmann::json;
using text = std::optional<std::string> publication::*;

constexpr std::array<std::pair<std::string_view, text>, 4> texts{{
    {"data", &publication::data},
    {"event", &publication::name},
    {"id", &publication::id},
    {"key", &publication::key},
}};

rill::http_error refusal(std::string_view why) {
    return rill::http_error{rill::status::bad_request, why};
}

/// Takes over the members of an object as the parser comes to them. What has no place there is refused at
/// once, so that nobody can have us build a tree of it in memory.
class member_reader {
public:
    explicit member_reader(publication& into) : into_{into} {}

    /// What `json::parse` calls for each part; false means that it need not keep the part.
    bool operator()(int depth, json::parse_event_t step, json& part) {
        if (step == json::parse_event_t::object_end) return true;
        if (depth == 0 && step != json::parse_event_t::object_start)
            throw refusal("the body is JSON, but no object");
        if (depth == 0) return true;
        if (step == json::parse_event_t::key)
            member_ = part.get<std::string>();
        else if (member_ == "retry")
            take_retry(part);
        else
            take_text(part);
        return false;
    }

private:
    void take_retry(const json& value) {
        // What is beyond 64 bits with a sign becomes negative here, or is a floating-point number.
        if (!value.is_number_integer() || value.get<std::int64_t>() < 0)
            throw refusal("the member 'retry' is no whole number of milliseconds from 0 on");
        if (into_.retry) throw refusal("the member 'retry' comes twice");
        into_.retry = std::chrono::milliseconds{value.get<std::int64_t>()};
    }

    void take_text(json& value) {
        const auto known = std::ranges::find(texts, member_, &std::pair<std::string_view, text>::first);
        if (known == texts.end()) throw refusal(fmt::format("an event has no member '{:.40}'", member_));
        if (!value.is_string()) throw refusal(fmt::format("the member '{}' is no string", member_));
        auto& place = into_.*known->second;
        if (place) throw refusal(fmt::format("the member '{}' comes twice", member_));
        place = std::move(value.get_ref<std::string&>());
    }

    publication& into_;
    std::string member_; ///< whose value comes next
};

publication from_json(const std::string& body) {
    publication given;
    member_reader reader{given};
    try {
        [[maybe_unused]] const auto nothing = json::parse(body, std::ref(reader));
    } catch (const json::parse_error& cause) {
        throw refusal(fmt::format("the body is no JSON from its byte {} on", cause.byte));
    } catch (const json::out_of_range&) {
        throw refusal("the body has a number in it that is too large");
    }
    return given;
}

bool has_json(const rill::request& request) {
    const auto type = request.field("Content-Type").value_or("");
    return rill::equals_ignoring_case(rill::trim(type.substr(0, type.find(';'))), "application/json");
}

std::string_view view(const std::optional<std::string>& text) noexcept {
    return text ? std::string_view{*text} : std::string_view{};
}

} // namespace

rill::event publication::event() const noexcept {
    return {.id = view(id), .name = view(name), .data = view(data), .retry = retry};
}

rill::publish_options publication::options() const noexcept {
    return {.key = view(key)};
}

publication read_publication(const rill::request& request, std::string body) {
    publication given;
    if (has_json(request))
        given = from_json(body);
    else
        given.data = std::move(body);
    if (!given.name) given.name = request.query("event");
    if (!given.id) given.id = request.query("id");
    if (!given.key) given.key = request.query("key");
    // Clients whose header fields are ASCII or Latin-1 could not send it back, and would not come back at
    // all.
    if (given.id && std::ranges::any_of(*given.id, [](unsigned char c) { return c >= 0x80; }))
        throw refusal("the id of an event has characters beyond ASCII");
    return given;
}

} // namespace hub
