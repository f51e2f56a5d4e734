#include <rill/base/text.hpp>
#include <rill/topic/detail/position.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <random>

namespace rill::detail {

std::array<char, position::epoch_digits + 1> epoch_text(std::uint64_t epoch) noexcept {
    std::array<char, position::epoch_digits + 1> text;
    for (auto at = position::epoch_digits; at > 0; epoch /= 16) text[--at] = "0123456789abcdef"[epoch % 16];
    text.back() = '-';
    return text;
}

void append(std::string& to, const position& p) {
    const auto epoch = epoch_text(p.epoch);
    const fmt::format_int sequence{p.sequence};
    to.append(epoch.data(), epoch.size()).append(sequence.data(), sequence.size());
}

std::optional<position> parse_position(std::string_view text) noexcept {
    constexpr auto dash = position::epoch_digits;
    if (text.size() < dash + 2 || text.size() > dash + 1 + position::most_digits || text[dash] != '-')
        return std::nullopt;
    const auto number = text.substr(dash + 1);
    if (number.front() == '0' && number.size() > 1) return std::nullopt;
    for (const char c : text.substr(0, dash))
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) return std::nullopt;
    position p;
    const auto* const digits =
        text.substr(0, dash).data(); // NOLINT(bugprone-suspicious-stringview-data-usage)
    std::from_chars(digits, digits + dash, p.epoch, 16);
    const auto sequence = parse<std::uint64_t>(number);
    if (!sequence) return std::nullopt;
    p.sequence = *sequence;
    return p;
}

std::uint64_t random_epoch() {
    std::random_device source;
    for (;;)
        if (const auto epoch = (std::uint64_t{source()} << 32U | source()) & 0xFFFF'FFFF'FFFF) return epoch;
}

positions::positions(std::string_view text) {
    for (bool more = true; more;) {
        const auto comma = text.find(',');
        more = comma != text.npos;
        const auto place = parse_position(text.substr(0, comma));
        if (!place || (place->epoch != 0 && find(place->epoch))) { // nowhere may be there more than once
            all_.clear();
            return;
        }
        all_.push_back(*place);
        if (more) text.remove_prefix(comma + 1);
    }
}

std::optional<position> positions::find(std::uint64_t epoch) const noexcept {
    const auto found = std::ranges::find(all_, epoch, &position::epoch);
    return found != all_.end() ? std::optional{*found} : std::nullopt;
}

} // namespace rill::detail
