#include "passed_fields.hpp"

#include <rill/base/text.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace llm {
namespace {

constexpr std::array<std::string_view, 14> whole_names{
    // of the request
    "x-request-id", "request-id", "apim-request-id", "x-correlation-id", "cf-ray",
    // of the server
    "openai-processing-ms", "openai-version", "openai-model", "x-ms-region", "x-envoy-upstream-service-time",
    // whether and when to come back; a 401 must say what it asks for (RFC 9110 §11.6.1)
    "retry-after", "retry-after-ms", "x-should-retry", "www-authenticate"};

constexpr std::array<std::string_view, 3> beginnings{"x-ratelimit-", "ratelimit", "anthropic-ratelimit-"};

bool passes(std::string_view name) {
    const auto same = [name](std::string_view other) { return rill::equals_ignoring_case(name, other); };
    const auto begins = [name](std::string_view other) {
        return rill::equals_ignoring_case(name.substr(0, other.size()), other);
    };
    return std::ranges::any_of(whole_names, same) || std::ranges::any_of(beginnings, begins);
}

} // namespace

void pass_fields(const rill::fields& from, rill::fields& to, const secrets& hide) {
    for (const auto& [name, value] : from)
        if (passes(name)) to.add(name, hide.hidden(std::string{value}));
}

} // namespace llm
