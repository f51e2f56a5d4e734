#include <rill/base/text.hpp>
#include <rill/http/detail/syntax.hpp>

namespace rill::detail {
namespace {

/// Four decimal numbers up to 255, without leading zeros (RFC 3986 §3.2.2).
bool is_ipv4(std::string_view text) noexcept {
    for (int part = 0; part < 4; ++part) {
        const auto end = part < 3 ? text.find('.') : text.size();
        if (end == text.npos) return false;
        const auto number = text.substr(0, end);
        if (!parse<std::uint8_t>(number) || (number.size() > 1 && number.front() == '0')) return false;
        text.remove_prefix(part < 3 ? end + 1 : end);
    }
    return true;
}

/// Eight groups of up to four hexadecimal digits; `::` stands for one or more of them once, and an IPv4
/// address may take the place of the last two.
bool is_ipv6(std::string_view text) noexcept {
    int groups = 0;
    bool gap = text.starts_with("::");
    if (gap) text.remove_prefix(2);
    while (!text.empty()) {
        const auto end = text.find(':');
        const auto group = text.substr(0, end);
        if (end == text.npos && group.find('.') != group.npos) {
            if (!is_ipv4(group)) return false;
            groups += 2;
            break;
        }
        if (group.empty() || group.size() > 4) return false;
        for (const char c : group)
            if (hex_value(c) < 0) return false;
        ++groups;
        if (end == text.npos) break;
        text.remove_prefix(end + 1);
        if (text.empty()) return false; // a single colon at the end
        if (text.front() != ':') continue;
        if (gap) return false;
        gap = true;
        text.remove_prefix(1);
    }
    return gap ? groups <= 7 : groups == 8;
}

/// What follows the host: nothing, or a colon and a port, which may be empty (RFC 3986 §3.2.3).
bool is_port(std::string_view text) noexcept {
    if (text.empty()) return true;
    if (text.front() != ':') return false;
    text.remove_prefix(1);
    return text.empty() || parse<std::uint16_t>(text).has_value();
}

} // namespace

bool has_whole_escapes(std::string_view text) noexcept {
    for (auto i = text.find('%'); i != text.npos; i = text.find('%', i + 3))
        if (text.size() - i < 3 || hex_value(text[i + 1]) < 0 || hex_value(text[i + 2]) < 0) return false;
    return true;
}

bool is_host(std::string_view text) noexcept {
    if (!text.empty() && all(text, host_char)) return true; // as most are that have no port
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        return end != text.npos && is_ipv6(text.substr(1, end - 1)) && is_port(text.substr(end + 1));
    }
    const auto colon = text.find(':');
    const auto name = text.substr(0, colon);
    if (name.empty() || !has_whole_escapes(name)) return false;
    for (const char c : name)
        if (!is(c, host_char) && c != '%') return false;
    return colon == text.npos || is_port(text.substr(colon));
}

} // namespace rill::detail
