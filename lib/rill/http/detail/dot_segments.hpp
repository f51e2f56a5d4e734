#pragma once

#include <string>
#include <string_view>

// The `.` and `..` of paths, escaped or not (RFC 3986 §5.2.4).
namespace rill::detail {

/// Whether `path` has a `.` or `..` segment. It is empty or begins with a slash.
[[nodiscard]] bool has_dot_segments(std::string_view path) noexcept;

/// Appends `path` without such segments to `to`; what climbs above the root stays there. An empty path is
/// `/`. It may be a view into `to` if that has room for `path.size() + 1` bytes more.
void append_without_dots(std::string& to, std::string_view path);

} // namespace rill::detail
