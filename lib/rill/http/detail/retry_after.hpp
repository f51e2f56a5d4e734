#pragma once

#include <chrono>
#include <ctime>
#include <optional>
#include <string_view>

namespace rill::detail {

/// The moment that a date of HTTP names, in any of the three forms that recipients must take (RFC 9110
/// §5.6.7); nothing if it is none. `now`, in seconds since 1970, decides which century a year of two digits
/// is in.
[[nodiscard]] std::optional<std::time_t> parse_http_date(std::string_view text, std::time_t now);

/// How long a `Retry-After` asks to wait (RFC 9110 §10.2.3): seconds, or until a date; none if that is past.
/// Nothing if it is neither. `now` is in seconds since 1970. What is more than an hour is taken as an hour:
/// a slip of the server's clock must not silence a client for a year.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, std::time_t now);

} // namespace rill::detail
