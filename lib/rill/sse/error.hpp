#pragma once

#include <rill/base/export.hpp>

#include <system_error>
#include <type_traits>

namespace rill {

/// Why an event could not be written, or a stream could not be read on. `encode` and `frame` throw the first
/// group and leave everything as it was; `decoder` throws the second one and is then of no more use.
enum class sse_errc {
    /// `event::id` has a CR or LF. It would end its line and begin a field of its own; take another id.
    line_end_in_id = 1,
    /// `event::id` has a NUL. A client ignores such an id without a word; take another one.
    nul_in_id,
    /// `event::id` has another control character (0x01 to 0x1F, 0x7F). Browsers send it back as it is,
    /// servers
    /// refuse a header field with one, and then the browser never comes back; take another id.
    control_in_id,
    /// `event::name` has a CR or LF. Names are best constants of the program.
    line_end_in_name,
    /// `event::comment` has a CR or LF. Send one comment for each line.
    line_end_in_comment,
    /// A text of the event is not UTF-8, which is all the format can carry; the words of the error name the
    /// member. Send bytes as Base64 or the like.
    invalid_utf8,
    /// `event::retry` is less than zero.
    negative_retry,
    /// No member of the event is set, so that nothing would be written. Look for a default-constructed
    /// `string_view`: to send an event with empty data, give `data` an empty text.
    empty_event,

    /// A line of the stream is longer than `decode_limits::line`. Raise it if you trust the server, or give
    /// up.
    line_too_long,
    /// The data of an event is more than `decode_limits::event`. Raise it if you trust the server, or give
    /// up.
    event_too_large,
};

/// The code of `e`, in the category `rill.sse`.
[[nodiscard]] RILL_EXPORT std::error_code make_error_code(sse_errc e) noexcept;

} // namespace rill

template <>
struct std::is_error_code_enum<rill::sse_errc> : std::true_type {};
