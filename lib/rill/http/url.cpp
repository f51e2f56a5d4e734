#include <rill/base/detail/peer_address.hpp>
#include <rill/base/text.hpp>
#include <rill/http/detail/dot_segments.hpp>
#include <rill/http/detail/syntax.hpp>
#include <rill/http/url.hpp>

#include <algorithm>

namespace rill {
namespace {

constexpr std::uint16_t default_port(bool secure) noexcept {
    return secure ? 443 : 80;
}

constexpr std::string_view without_fragment(std::string_view text) noexcept {
    return text.substr(0, text.find('#'));
}

/// The scheme that `text` begins with (RFC 3986 §3.1), without its colon; empty if there is none.
std::string_view scheme_of(std::string_view text) noexcept {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const auto end = text.find_first_of(":/?#");
    if (end == text.npos || text[end] != ':') return {};
    const auto scheme = text.substr(0, end);
    if (scheme.empty() || letters.find(scheme.front()) == letters.npos) return {};
    const auto belongs = [letters](char c) {
        return letters.find(c) != letters.npos || detail::is_digit(c) || c == '+' || c == '-' || c == '.';
    };
    return std::all_of(scheme.begin(), scheme.end(), belongs) ? scheme : std::string_view{};
}

/// RFC 3986 §3.2.1; and `@`, since browsers and curl end it at the last one.
bool is_userinfo(std::string_view text) noexcept {
    constexpr std::string_view others = ":%@";
    const auto belongs = [others](char c) {
        return detail::is(c, detail::host_char) || others.find(c) != others.npos;
    };
    return std::all_of(text.begin(), text.end(), belongs) && detail::has_whole_escapes(text);
}

constexpr bool is_beyond_ascii(char c) noexcept {
    return static_cast<unsigned char>(c) >= 0x80;
}

/// `text` with escapes for the bytes that are not ASCII, and for spaces if `spaces` says so.
std::string escape(std::string_view text, bool spaces = false) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (!is_beyond_ascii(c) && (c != ' ' || !spaces))
            out += c;
        else
            (((out += '%') += digits[byte >> 4U]) += digits[byte & 0xFU]);
    }
    return out;
}

/// Cuts what comes before the first of `ends` off the front of `text`.
std::string_view cut(std::string_view& text, std::string_view ends) noexcept {
    const auto front = text.substr(0, text.find_first_of(ends));
    text.remove_prefix(front.size());
    return front;
}

/// An IPv4 address in one of the forms that the resolver takes for one, as `127.1` or `0x7f.0.0.1`, becomes
/// four decimal numbers, as in browsers and curl; any other host stays as it is.
void spell_out_ipv4(std::string& host) {
    if (const auto address = detail::ip_address::parse_like_resolver(host)) host = address->str();
}

/// Cuts the zone of `[fe80::1%25eth0]:80` (RFC 6874 §2), or of `[fe80::1%eth0]:80`, out of `authority`, and
/// gives it back with one percent sign: `%eth0`. Nothing if it is no zone's name.
std::optional<std::string> cut_zone(std::string& authority) {
    if (!authority.starts_with('[')) return std::string{};
    const auto end = authority.find(']');
    const auto begin = authority.find('%');
    if (begin >= end || end == authority.npos) return std::string{};
    auto zone = authority.substr(begin + 1, end - begin - 1);
    authority.erase(begin, end - begin);
    if (zone.starts_with("25") && zone.size() > 2) zone.erase(0, 2);
    if (zone.empty() || !detail::all(zone, detail::host_char)) return std::nullopt;
    return '%' + zone;
}

} // namespace

std::optional<url> url::parse(std::string_view text) {
    const auto scheme = scheme_of(text);
    url parsed;
    parsed.secure_ = equals_ignoring_case(scheme, "https");
    if (!parsed.secure_ && !equals_ignoring_case(scheme, "http")) return std::nullopt;
    text = without_fragment(text.substr(scheme.size() + 1));
    if (!text.starts_with("//")) return std::nullopt;
    text.remove_prefix(2);
    std::string escaped;
    if (std::ranges::any_of(text, is_beyond_ascii)) {
        if (!is_utf8(text)) return std::nullopt;
        // But for the host: what stands for a name of letters beyond ASCII is for IDNA to say.
        const auto authority_end = std::min(text.find_first_of("/?"), text.size());
        const auto at = text.substr(0, authority_end).rfind('@');
        const auto host = at == text.npos ? 0 : at + 1;
        escaped = escape(text.substr(0, host)).append(text.substr(host, authority_end - host));
        text = escaped.append(escape(text.substr(authority_end)));
    }
    if (!parsed.take_authority(cut(text, "/?"))) return std::nullopt;
    const auto path = cut(text, "?");
    if (!parsed.take_target(path, text)) return std::nullopt;
    return parsed;
}

std::optional<url> url::resolve(std::string_view reference) const {
    reference = without_fragment(reference);
    const auto scheme = scheme_of(reference);
    if (!scheme.empty() || reference.starts_with("//")) {
        std::string text{scheme.empty() ? std::string_view{secure_ ? "https:" : "http:"} : ""};
        const auto slashes = reference.find("//", scheme.empty() ? 0 : scheme.size() + 1);
        const auto authority_end =
            slashes == reference.npos ? reference.npos : reference.find_first_of("/?", slashes + 2);
        text += reference.substr(0, authority_end);
        if (authority_end != reference.npos) text += escape(reference.substr(authority_end), true);
        return parse(text);
    }
    std::string_view here{target_};
    const auto path = cut(here, "?"); // and `here` is the query
    const auto escaped = escape(reference, true);
    std::string_view query{escaped};
    const auto relative = cut(query, "?");
    std::string merged{path};
    if (relative.starts_with('/'))
        merged = relative;
    else if (!relative.empty())
        merged.erase(path.rfind('/') + 1).append(relative);
    std::optional<url> resolved{*this};
    if (!resolved->take_target(merged, escaped.empty() ? here : query)) resolved.reset();
    return resolved;
}

bool url::take_authority(std::string_view text) {
    if (const auto at = text.rfind('@'); at != text.npos) {
        userinfo_ = text.substr(0, at);
        if (!is_userinfo(userinfo_)) return false;
        text.remove_prefix(at + 1);
    }
    std::string without_zone{text};
    const auto zone = cut_zone(without_zone);
    text = without_zone;
    if (!zone || !detail::is_host(text) || text.find('%') != text.npos) return false;
    const bool bracket = text.front() == '[';
    const auto host = text.substr(bracket ? 1 : 0, bracket ? text.find(']') - 1 : text.find(':'));
    host_.resize(host.size());
    std::transform(host.begin(), host.end(), host_.begin(), to_lower);
    if (!bracket) spell_out_ipv4(host_);
    host_ += *zone;
    text.remove_prefix(host.size() + (bracket ? 2 : 0));
    port_ = text.size() > 1 ? rill::parse<std::uint16_t>(text.substr(1)).value_or(0) : default_port(secure_);
    return port_ != 0;
}

/// `path` is empty or begins with a slash, `query` is empty or begins with its question mark.
bool url::take_target(std::string_view path, std::string_view query) {
    for (const auto part : {path, query})
        if (!detail::all(part, detail::target_char) || !detail::has_whole_escapes(part)) return false;
    std::string target;
    detail::append_without_dots(target, path);
    target_ = std::move(target.append(query));
    return true;
}

/// The host as a URL has it: an address of IPv6 in brackets, `percent` before its zone.
std::string url::written_host(std::string_view percent) const {
    if (host_.find(':') == host_.npos) return host_;
    std::string_view zone{host_};
    const auto address = cut(zone, "%");
    std::string out{'['};
    out += address;
    if (!zone.empty() && !percent.empty()) out.append(percent).append(zone.substr(1));
    return out += ']';
}

std::string url::own_port() const {
    return port_ == default_port(secure_) ? std::string{} : ':' + std::to_string(port_);
}

/// RFC 6874 §4: a zone means something on one machine only, and is not sent.
std::string url::authority() const {
    return written_host({}) + own_port();
}

std::string url::origin() const {
    return std::string{secure_ ? "https://" : "http://"}
        .append(written_host("%25"))
        .append(":")
        .append(std::to_string(port_));
}

std::string url::str() const {
    return std::string{secure_ ? "https://" : "http://"}
        .append(written_host("%25"))
        .append(own_port())
        .append(target_);
}

} // namespace rill
