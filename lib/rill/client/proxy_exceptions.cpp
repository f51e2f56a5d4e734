#include <rill/base/text.hpp>
#include <rill/client/detail/proxy_exceptions.hpp>

#include <asio/ip/address_v4.hpp>
#include <asio/ip/address_v6.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <utility>

namespace rill::detail {
namespace {

using asio::ip::address;
using asio::ip::make_address;

/// An address in one spelling: IPv4 mapped into IPv6 is IPv4.
address plain(const address& from) {
    if (from.is_v6() && from.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, from.to_v6());
    return from;
}

/// The address that `host` is, also in the forms that the resolver takes for one, as `127.1`.
std::optional<address> address_of(std::string_view host) {
    const std::string text{host};
    asio::error_code failed;
    const auto found = make_address(text, failed);
    if (!failed) return plain(found);
    in_addr old{};
    if (inet_aton(text.c_str(), &old) == 0) return std::nullopt;
    return asio::ip::address_v4{ntohl(old.s_addr)};
}

std::string_view without_brackets(std::string_view text) noexcept {
    if (text.size() > 1 && text.front() == '[' && text.back() == ']') return text.substr(1, text.size() - 2);
    return text;
}

std::string_view without_last_dot(std::string_view name) noexcept {
    if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
    return name;
}

template <typename Bytes>
bool same_prefix(const Bytes& a, const Bytes& b, unsigned bits) noexcept {
    const auto whole = bits / 8;
    if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
    return bits % 8 == 0 || ((a[whole] ^ b[whole]) >> (8 - bits % 8)) == 0;
}

bool is_in(const address& network, unsigned prefix, const address& one) {
    if (network.is_v4() != one.is_v4()) return false;
    if (one.is_v4()) return same_prefix(network.to_v4().to_bytes(), one.to_v4().to_bytes(), prefix);
    return same_prefix(network.to_v6().to_bytes(), one.to_v6().to_bytes(), prefix);
}

unsigned width(const address& of) noexcept {
    return of.is_v4() ? 32 : 128;
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
    if (const auto slash = text.find('/'); slash != text.npos) {
        asio::error_code failed;
        made.network = make_address(std::string{without_brackets(text.substr(0, slash))}, failed);
        const auto bits = parse<unsigned>(text.substr(slash + 1));
        if (failed || !bits || *bits > width(*made.network)) return std::nullopt;
        made.prefix = *bits;
        return made;
    }
    // A port, unless the colon is one of an IPv6 address.
    const auto colon = text.rfind(':');
    if (colon != text.npos && colon > 0 && (text.find(':') == colon || text[colon - 1] == ']')) {
        made.port = parse<std::uint16_t>(text.substr(colon + 1));
        if (!made.port) return std::nullopt;
        text = text.substr(0, colon);
    }
    if (text == "*") return made;
    made.network = address_of(without_brackets(text));
    if (made.network) {
        made.prefix = width(*made.network);
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
        if (each.network) return address && is_in(*each.network, each.prefix, *address);
        if (each.name.empty()) return true;
        if (address || !host.ends_with(each.name)) return false;
        return host.size() == each.name.size() || host[host.size() - each.name.size() - 1] == '.';
    });
}

} // namespace rill::detail
