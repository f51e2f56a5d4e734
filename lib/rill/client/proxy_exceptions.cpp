#include <rill/base/text.hpp>
#include <rill/client/detail/proxy_exceptions.hpp>

#include <algorithm>
#include <utility>

namespace rill::detail {
namespace {

/// The address that `host` is, also in the forms that the resolver takes for one, as `127.1`.
std::optional<ip_address> address_of(std::string_view host) {
    if (const auto found = ip_address::parse_without_zone(host)) return found;
    return ip_address::parse_like_resolver(std::string{host});
}

std::string_view without_brackets(std::string_view text) noexcept {
    if (text.size() > 1 && text.front() == '[' && text.back() == ']') return text.substr(1, text.size() - 2);
    return text;
}

std::string_view without_last_dot(std::string_view name) noexcept {
    if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
    return name;
}

} // namespace

proxy_exceptions::proxy_exceptions(std::string_view list) {
    constexpr std::string_view separators = ", \t\r\n";
    while (!list.empty()) {
        const auto end = std::min(list.find_first_of(separators), list.size());
        if (auto made = end > 0 ? read(list.substr(0, end)) : std::nullopt)
            members_.push_back(std::move(*made));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
}

std::optional<proxy_exceptions::member> proxy_exceptions::read(std::string_view text) {
    member made;
    if (text.find('/') != text.npos) {
        made.addresses = network::parse(text);
        return made.addresses ? std::optional{made} : std::nullopt;
    }
    // A port, unless the colon is one of an IPv6 address.
    const auto colon = text.rfind(':');
    if (colon != text.npos && colon > 0 && (text.find(':') == colon || text[colon - 1] == ']')) {
        made.port = parse<std::uint16_t>(text.substr(colon + 1));
        if (!made.port) return std::nullopt;
        text = text.substr(0, colon);
    }
    if (text == "*") return made;
    if (const auto address = address_of(without_brackets(text))) {
        made.addresses = network::of(*address);
        return made;
    }
    if (text.starts_with("*.")) text.remove_prefix(1);
    if (text.starts_with('.')) text.remove_prefix(1);
    made.name = without_last_dot(text);
    std::ranges::transform(made.name, made.name.begin(), to_lower);
    return made.name.empty() || made.name == "." ? std::nullopt : std::optional{made};
}

bool proxy_exceptions::contain(const url& target) const {
    const auto host = without_last_dot(target.host());
    const auto address = address_of(host);
    return std::ranges::any_of(members_, [&](const member& each) {
        if (each.port && *each.port != target.port()) return false;
        if (each.addresses) return address && each.addresses->contains(*address);
        if (each.name.empty()) return true;
        if (address || !host.ends_with(each.name)) return false;
        return host.size() == each.name.size() || host[host.size() - each.name.size() - 1] == '.';
    });
}

} // namespace rill::detail
