#pragma once

#include <rill/sse/event.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rill::detail {

/// The comment without text. A stream opens with it, and a quiet one is kept alive by it. No blank line
/// follows: fetch-event-source, httpx-sse and sseclient make an empty event of a block without data.
inline constexpr std::string_view empty_comment = ":\n";

/// What an id's line begins with.
inline constexpr std::string_view id_start = "id: ";

/// What an event becomes on the wire.
enum class form : std::uint8_t {
    lines,      ///< a block with several `data` lines
    line,       ///< a block with one `data` line
    checkpoint, ///< a block with the name and the data of a checkpoint
    comment,    ///< one line, and no block
};

/// What has to be known of an event before its bytes can be laid down.
struct layout {
    std::size_t size = 0; ///< of all its bytes, the blank line among them
    detail::form form = form::line;
};

/// Checks `e` as `encode` says and throws what `encode` throws.
[[nodiscard]] layout lay_out(const event& e);
/// The same, but takes the id as it is: it is one of ours, or only room for one.
[[nodiscard]] layout lay_out_own_id(const event& e);

/// Where the line of the id begins in what `write` writes: behind the comment. `e` must have an id.
[[nodiscard]] std::size_t id_line_at(const event& e) noexcept;

/// Writes the `l.size` bytes of `e` to `to`, where `l` is `lay_out(e)`.
void write(char* to, const event& e, const layout& l) noexcept;

} // namespace rill::detail
