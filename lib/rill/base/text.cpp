#include <rill/base/text.hpp>

#include <cstdint>
#include <cstring>

namespace rill {
namespace {

/// The length of the well-formed sequence that starts with the non-ASCII byte at `p`, or 0.
std::size_t sequence_length(const unsigned char* p, const unsigned char* end) noexcept {
    const auto left = static_cast<std::size_t>(end - p);
    const auto continues = [p](std::size_t i) { return (p[i] & 0xC0) == 0x80; };
    const unsigned lead = p[0];
    if (lead >= 0xC2 && lead <= 0xDF) return left >= 2 && continues(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (left < 3 || !continues(1) || !continues(2)) return 0;
        if (lead == 0xE0 && p[1] < 0xA0) return 0; // overlong
        if (lead == 0xED && p[1] > 0x9F) return 0; // a surrogate
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (left < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
        if (lead == 0xF0 && p[1] < 0x90) return 0; // overlong
        if (lead == 0xF4 && p[1] > 0x8F) return 0; // above U+10FFFF
        return 4;
    }
    return 0;
}

} // namespace

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
            const auto length = sequence_length(p, end);
            if (length == 0) return false;
            p += length;
        } while (p != end && *p >= 0x80);
    }
    return true;
}

} // namespace rill
