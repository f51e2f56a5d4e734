#pragma once

#include <rill/base/export.hpp>
#include <rill/http/fields.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace rill {

/// The value of the cookie `name` among a request's fields, or nothing (RFC 6265 §4.2). White space around
/// names and values is dropped, quotes belong to the value, and the first of several cookies of that name
/// wins. It is what the client says: never believe it unchecked. A view into `of`.
[[nodiscard]] RILL_EXPORT std::optional<std::string_view> cookie(const fields& of,
                                                                 std::string_view name) noexcept;

/// With which requests from other sites a browser sends a cookie along.
enum class same_site : std::uint8_t {
    lax,    ///< when its user follows a link to here
    strict, ///< with none
    none,   ///< with all; the cookie must be `secure`
};

/// What a browser does with a cookie.
struct cookie_options {
    std::optional<std::chrono::seconds>
        max_age{};               ///< kept so long; 0 deletes it; else until the browser ends
    std::string_view path = "/"; ///< sent with requests below it
    bool http_only = true;       ///< hidden from scripts
    bool secure = false;         ///< sent over TLS only
    rill::same_site same_site = rill::same_site::lax;
};
static_assert(std::is_trivially_destructible_v<cookie_options>);

/// The value of a `Set-Cookie` field (RFC 6265 §4.1). Throws `invalid_cookie_name`, `invalid_cookie_value`,
/// `invalid_cookie_path` or `insecure_cookie`.
///
/// **Example**
///
///     head.fields.add("Set-Cookie", rill::set_cookie("session", id, {.max_age = 24h, .secure = true}));
[[nodiscard]] RILL_EXPORT std::string set_cookie(std::string_view name, std::string_view value,
                                                 const cookie_options& options = {});

} // namespace rill
