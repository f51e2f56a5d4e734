#pragma once

#include <rill/base/export.hpp>
#include <rill/sse/event.hpp>

#include <string>

namespace rill {

/// Appends `e` to `out` as it goes over the wire. (WHATWG HTML §9.2.5)
///
/// Lines end with LF. The fields come as comment, `id`, `event`, `retry` and `data`, the last once for each
/// line of the data: "a\r\nb\n" has the three lines "a", "b" and "". A blank line ends the block. What a
/// client decodes is what was in `e`, but for CR and CRLF in the data, which come out as LF.
///
/// No block goes out without data, since popular clients make an empty event of one, and others forget its
/// id. A comment alone is one line, and an id or a retry time alone becomes a checkpoint:
///
/// | event | bytes |
/// |---|---|
/// | `{.comment = ""}` | `:` LF |
/// | `{.comment = "still here"}` | `: still here` LF |
/// | `{.id = "8"}` | `id: 8` LF `event: checkpoint` LF `data: {}` LF LF |
/// | `{.retry = 10s}` | `event: checkpoint` LF `retry: 10000` LF `data: {}` LF LF |
///
/// Throws `rill::error` with a `sse_errc` when a member breaks its rules or none is set, and then `out` is as
/// before. No view in `e` may point into `out`. Any thread may call it.
///
/// **Example**
///
///     std::string out;
///     rill::encode(out, {.id = "7", .name = "user", .data = "Ada\nLovelace"});
///     // out == "id: 7\nevent: user\ndata: Ada\ndata: Lovelace\n\n"
RILL_EXPORT void encode(std::string& out, const event& e);

} // namespace rill
