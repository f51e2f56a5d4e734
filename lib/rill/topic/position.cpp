#include <rill/base/text.hpp>
#include <rill/topic/detail/position.hpp>

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <random>

namespace rill::detail {

void append(std::string& to, const position& p) {
    fmt::format_to(std::back_inserter(to), "{:012x}-{}", p.epoch, p.sequence);
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
    std::from_chars(text.data(), text.data() + dash, p.epoch, 16);
    const auto sequence = parse<std::uint64_t>(number);
    if (!sequence) return std::nullopt;
    p.sequence = *sequence;
    return p;
}

std::uint64_t random_epoch() {
    std::random_device source;
    return (std::uint64_t{source()} << 32U | source()) & 0xFFFF'FFFF'FFFF;
}

/// Calls `visit` for each part, until it returns false.
template <typename Visit>
bool positions::all_of(Visit visit) const noexcept {
    for (auto rest = text_;;) {
        const auto comma = rest.find(',');
        if (!visit(rest.substr(0, comma))) return false;
        if (comma == rest.npos) return true;
        rest.remove_prefix(comma + 1);
    }
}

std::optional<position> positions::find(std::uint64_t epoch) const noexcept {
    std::optional<position> found;
    static_cast<void>(all_of([&](std::string_view part) {
        found = parse_position(part);
        if (found && found->epoch != epoch) found.reset();
        return !found;
    }));
    return found;
}

bool positions::well_formed() const noexcept {
    return all_of([](std::string_view part) { return parse_position(part).has_value(); });
}

std::size_t positions::count() const noexcept {
    std::size_t n = 0;
    static_cast<void>(all_of([&](std::string_view) { return ++n > 0; }));
    return n;
}

} // namespace rill::detail
