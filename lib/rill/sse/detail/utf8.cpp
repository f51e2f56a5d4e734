#include <rill/base/detail/utf8.hpp>
#include <rill/base/text.hpp>
#include <rill/sse/detail/utf8.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace rill::detail {
namespace {

/// How many of the bytes in front one U+FFFD stands for, where they are not a character: those that would
/// begin one if the right bytes followed, or one.
[[nodiscard]] std::size_t malformed_length(std::string_view text) noexcept {
    for (auto size = std::min<std::size_t>(text.size(), 3); size > 1; --size) {
        std::array<char, 4> continued{};
        continued.fill('\x80');
        text.copy(continued.data(), size);
        if (utf8_length({continued.data(), continued.size()}) > size) return size;
    }
    return 1;
}

} // namespace

void append_utf8(std::string& out, std::string_view bytes) {
    if (is_utf8(bytes)) {
        out.append(bytes);
        return;
    }
    while (!bytes.empty()) {
        const auto character = utf8_length(bytes);
        out.append(character > 0 ? bytes.substr(0, character) : "\xEF\xBF\xBD");
        bytes.remove_prefix(character > 0 ? character : malformed_length(bytes));
    }
}

} // namespace rill::detail
