#pragma once

#include <rill/base/error.hpp>

#include <system_error>

namespace rill {

/// What the HTTP layer throws, as `rill::error`: a message that could not be written without becoming another
/// one. What is wrong with a message that came in is never thrown: `request_parser` refuses it with a status.
enum class http_errc {
    /// A field name is empty or holds a byte that is no token character (RFC 9110 §5.6.2): a space, a colon,
    /// a control character. Nothing was added; use a name of letters, digits and dashes.
    invalid_field_name = 1,
    /// A field value holds CR, LF, NUL or another control character than TAB (RFC 9110 §5.5), which would
    /// begin a field or a message of its own. Nothing was added; encode the value first.
    invalid_field_value,
    /// A status is not of three digits, 100 to 999. Nothing was written.
    invalid_status,
    /// A cookie's name is no token (RFC 6265 §4.1.1). Use letters, digits, dashes and underscores.
    invalid_cookie_name,
    /// A cookie's value holds white space, a quote, a comma, a semicolon, a backslash, a control character
    /// or a byte that is not ASCII (RFC 6265 §4.1.1). Encode it first, as base64url say.
    invalid_cookie_value,
    /// A cookie's path does not begin with a slash, or holds a semicolon, a control character or a byte that
    /// is not ASCII.
    invalid_cookie_path,
    /// A cookie for requests from other sites (`same_site::none`) is not `secure`: browsers drop it.
    insecure_cookie,
};

/// The code of `e`, in the category `rill.http`. Any thread may call it.
[[nodiscard]] RILL_EXPORT std::error_code make_error_code(http_errc e) noexcept;

} // namespace rill

template <>
struct std::is_error_code_enum<rill::http_errc> : std::true_type {};
