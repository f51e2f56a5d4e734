#include <rill/base/detail/utf8.hpp>
#include <rill/base/text.hpp>

#include <cstdint>
#include <cstring>

namespace rill {

bool is_utf8(std::string_view text) noexcept {
    const auto* p = reinterpret_cast<const unsigned char*>(text.data());
    const auto* const end = p + text.size();
    while (p != end) {
        while (end - p >= 8) {  // most text is ASCII: eight bytes at a time
            std::uint64_t word; // NOLINT(cppcoreguidelines-init-variables)
            std::memcpy(&word, p, sizeof word);
            if ((word & 0x8080808080808080U) != 0) break;
            p += sizeof word;
        }
        while (p != end && *p < 0x80) ++p;
        if (p == end) break;
        do {
            const auto length =
                detail::utf8_length({reinterpret_cast<const char*>(p), reinterpret_cast<const char*>(end)});
            if (length == 0) return false;
            p += length;
        } while (p != end && *p >= 0x80);
    }
    return true;
}

} // namespace rill
