#pragma once

#include <rill/http/fields.hpp>
#include <rill/http/method.hpp>
#include <rill/http/status.hpp>

#include <chrono>
#include <optional>
#include <string_view>

// What a client reads in the heads of responses.
namespace rill::detail {

/// Whether an answer with this status to such a request may be an event stream: 200, and for a POST, which no
/// browser's `EventSource` sends, each 2xx but 204 and 205, which have no body (RFC 9110 §15.3).
[[nodiscard]] bool is_stream_status(method verb, status code) noexcept;

/// The first content coding of a response that changes its bytes, as `gzip`; empty if there is none. What is
/// no known coding, as `none` or `UTF-8`, says nothing: browsers and curl read such a body as it is.
[[nodiscard]] std::string_view content_coding(const fields& response);

/// Whether an `Accept-Encoding` with this value names the coding, or any.
[[nodiscard]] bool names_coding(std::string_view accept_encoding, std::string_view coding) noexcept;

/// How long a connection may wait for the next request, as its `Keep-Alive: timeout=` says: less than the
/// server waits, so that no request meets the end. Nothing if it says nothing.
[[nodiscard]] std::optional<std::chrono::milliseconds> keep_alive_time(const fields& response);

} // namespace rill::detail
