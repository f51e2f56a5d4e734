#pragma once

#include <rill/http/fields.hpp>

#include <string_view>

namespace rill::detail {

inline constexpr std::string_view event_stream_type = "text/event-stream";

/// The media type in a `Content-Type`, or in an element of `Accept`, without its parameters (RFC 9110
/// §8.3.1).
[[nodiscard]] std::string_view media_type(std::string_view value) noexcept;

/// Whether a `Content-Type` says `text/event-stream`, whatever its case and parameters: the charset of an
/// event stream is UTF-8, whatever is said of it (WHATWG HTML §9.2.5).
[[nodiscard]] bool is_event_stream_type(std::string_view content_type) noexcept;

/// Whether `Accept` names `text/event-stream` itself, and not with `q=0` (RFC 9110 §12.5.1). A wildcard names
/// nothing: everything sends one.
[[nodiscard]] bool accepts_event_stream(const fields& of_request);

} // namespace rill::detail
