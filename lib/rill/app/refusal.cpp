#include <rill/app/detail/refusal.hpp>
#include <rill/app/http_error.hpp>
#include <rill/base/text.hpp>
#include <rill/http/detail/media_type.hpp>
#include <rill/http/detail/retry_after.hpp>
#include <rill/sse/detail/own_events.hpp>
#include <rill/sse/detail/refusal.hpp>
#include <rill/sse/encode.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace rill::detail {
namespace {

using namespace std::chrono_literals;

/// Without a `Retry-After`.
constexpr std::chrono::seconds usual_wait = 5s;
/// A `Retry-After: 0` must not make a busy loop of a thousand clients.
constexpr std::chrono::seconds least_wait = 1s;
/// A longer body is a page, or data.
constexpr std::size_t longest_reason = 1'000;

[[nodiscard]] std::string_view reason_of(const response& refusal, std::string_view body) {
    const auto type = media_type(refusal.fields().find("Content-Type").value_or(""));
    const bool is_words = equals_ignoring_case(type, "text/plain") && body.size() <= longest_reason;
    return is_words && !body.empty() ? body : reason(refusal.status());
}

/// Those that do not belong to a body that is not sent, and that are not the stream's own.
[[nodiscard]] bool stays(std::string_view name, const response& stream) {
    return !equals_ignoring_case(name, "Retry-After") && !equals_ignoring_case(name, "Content-Length") &&
           !stream.fields().contains(name);
}

[[nodiscard]] std::chrono::milliseconds wait_of(const response& refusal, std::uint64_t random,
                                                std::time_t now) {
    const auto asked = parse_retry_after(refusal.fields().find("Retry-After").value_or(""), now);
    const std::chrono::milliseconds least = std::max(asked.value_or(usual_wait), least_wait);
    return least + std::chrono::milliseconds{random % (static_cast<std::uint64_t>(least.count()) + 1)};
}

/// The id that the client came with, to be told again: the MCP SDK, and programs with httpx-sse, know only
/// those that came with the last connection. Nothing if it is none that may be sent.
[[nodiscard]] std::string place_of(const request& from) {
    try {
        auto id = from.last_event_id();
        const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
        if (std::ranges::none_of(id, is_control)) return id;
        return {};
    } catch (const http_error&) {
        return {}; // it is refused already
    }
}

} // namespace

response in_a_stream(response&& refusal, const request& to, std::uint64_t random, std::time_t now) {
    const auto* const body = std::get_if<std::string>(&refusal.body());
    const auto data = refusal_data(static_cast<unsigned>(refusal.status()),
                                   reason_of(refusal, body != nullptr ? std::string_view{*body} : ""));
    std::string bytes;
    const auto place = place_of(to);
    encode(bytes, {.id = place.empty() ? std::string_view{} : std::string_view{place},
                   .name = refused_name,
                   .data = data,
                   .retry = wait_of(refusal, random, now)});
    response stream{response::writing{}}; // which has the fields of a stream
    stream.body() = std::move(bytes);
    for (const auto& [name, value] : refusal.fields())
        if (stays(name, stream)) stream.fields().add(name, value);
    return stream;
}

} // namespace rill::detail
