#include "upstream_request.hpp"

#include "json.hpp"
#include "refusal.hpp"

namespace llm {
namespace {

using nlohmann::json;

/// What can be read of a body that may be anything.
json look_into(std::string_view body) {
    try {
        return read_json(body);
    } catch (const nested_too_deeply&) {
        throw refusal{rill::status::bad_request, "the body is nested too deeply"};
    }
}

} // namespace

upstream_request relayed(std::string body, std::string_view model) {
    const auto given = look_into(body);
    if (!given.is_object()) return {std::move(body), false};
    const auto stream = given.find("stream");
    const bool streams = stream != given.end() && *stream == true;
    // Written anew it would be another text: of 2.50, and of numbers beyond 64 bits, something is lost.
    if (!model.empty() && !given.contains("model")) {
        const auto member = "\"model\":" + json(model).dump() + (given.empty() ? "" : ",");
        body.insert(body.find('{') + 1, member);
    }
    return {std::move(body), streams};
}

upstream_request streamed(std::string_view body, std::string_view model) {
    auto given = read_body(body);
    given["stream"] = true;
    const auto named = given.find("model");
    if (!model.empty() && (named == given.end() || named->is_null())) given["model"] = model;
    return {given.dump(), true};
}

} // namespace llm
