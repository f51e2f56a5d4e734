#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>

namespace rill::detail {

/// `text` with each control character as `\x1b`, so that it stays on one line and does nothing to a
/// terminal.
[[nodiscard]] inline std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text)
        if (const auto byte = static_cast<unsigned char>(c); byte < 0x20 || byte == 0x7F)
            fmt::format_to(std::back_inserter(safe), "\\x{:02x}", byte);
        else
            safe += c;
    return safe;
}

} // namespace rill::detail
