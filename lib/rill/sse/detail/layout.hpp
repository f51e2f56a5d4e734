#pragma once

#include <rill/sse/event.hpp>

#include <cstddef>

namespace rill::detail {

/// What has to be known of an event before its bytes can be laid down.
struct layout {
    std::size_t size = 0;  ///< of all its bytes, the blank line among them
    bool has_data = false; ///< there is at least one `data` line
    bool one_line = true;  ///< and it is the only one
};

/// Checks `e` as `encode` says and throws what `encode` throws.
[[nodiscard]] layout lay_out(const event& e);

/// Writes the `l.size` bytes of `e` to `to`, where `l` is `lay_out(e)`.
void write(char* to, const event& e, const layout& l) noexcept;

} // namespace rill::detail
