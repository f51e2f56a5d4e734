#pragma once

#include <string>
#include <string_view>

namespace rill::detail {

/// Appends `bytes` to `out`, with one U+FFFD in place of each maximal part of them that is not UTF-8.
/// (WHATWG Encoding §8.1.1, the UTF-8 decoder)
void append_utf8(std::string& out, std::string_view bytes);

} // namespace rill::detail
