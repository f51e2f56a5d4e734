#include <rill/base/error.hpp>
#include <rill/base/text.hpp>
#include <rill/client/detail/proxies.hpp>
#include <rill/client/error.hpp>
#include <rill/http/target.hpp>

#include <asio/ip/address.hpp>
#include <asio/ip/network_v4.hpp>
#include <asio/ip/network_v6.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace rill::detail {
namespace {

/// RFC 4648 §4.
std::string base64(std::string_view bytes) {
    constexpr std::string_view digits{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"};
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const auto group = bytes.substr(at, 3);
        std::uint32_t bits = 0;
        for (std::size_t n = 0; n < 3; ++n)
            bits = bits << 8U | (n < group.size() ? static_cast<unsigned char>(group[n]) : 0U);
        for (std::size_t n = 0; n < 4; ++n)
            out += n <= group.size() ? digits[bits >> (18 - 6 * n) & 63U] : '=';
    }
    return out;
}

std::optional<proxy> read_proxy(const proxies::environment& variable,
                                std::initializer_list<const char*> names) {
    for (const auto* const name : names) {
        const auto* const value = variable(name);
        if (value == nullptr || *value == '\0') continue;
        const std::string_view text{value};
        const auto where = url::parse(text.find("://") == text.npos ? fmt::format("http://{}", text) : text);
        if (!where || where->secure())
            throw error{client_errc::invalid_url,
                        fmt::format("the proxy in {}", name)}; // may hold a password
        return proxy{*where, basic_authorization(where->userinfo())};
    }
    return std::nullopt;
}

/// Whether `host` is an address in the network `text`, as `10.0.0.0/8`.
bool in_network(std::string_view host, std::string_view text) {
    asio::error_code no_address, no_network;
    const auto address = asio::ip::make_address(std::string{host}, no_address);
    if (no_address) return false;
    if (address.is_v4()) {
        const auto network = asio::ip::make_network_v4(std::string{text}, no_network);
        return !no_network && asio::ip::network_v4{address.to_v4(), network.prefix_length()}.canonical() ==
                                  network.canonical();
    }
    const auto network = asio::ip::make_network_v6(std::string{text}, no_network);
    return !no_network &&
           asio::ip::network_v6{address.to_v6(), network.prefix_length()}.canonical() == network.canonical();
}

/// Whether `rule` names `host`, or a domain that it is in.
bool names(std::string_view rule, std::string_view host) {
    if (rule.starts_with("*.")) rule.remove_prefix(1);
    if (rule.starts_with('.')) rule.remove_prefix(1);
    if (rule.size() > 1 && rule.front() == '[' && rule.back() == ']') rule = rule.substr(1, rule.size() - 2);
    if (rule.empty() || !host.ends_with(rule)) return false;
    return host.size() == rule.size() || host[host.size() - rule.size() - 1] == '.';
}

} // namespace

std::string basic_authorization(std::string_view userinfo) {
    if (userinfo.empty()) return {};
    const auto colon = std::min(userinfo.find(':'), userinfo.size());
    const auto name = percent_decode(userinfo.substr(0, colon));
    const auto secret = percent_decode(userinfo.substr(std::min(colon + 1, userinfo.size())));
    if (!name || !secret) return {};
    return "Basic " + base64(fmt::format("{}:{}", *name, *secret));
}

proxies::proxies(const environment& variable)
    : http_{read_proxy(variable, {"http_proxy"})},
      https_{read_proxy(variable, {"https_proxy", "HTTPS_PROXY"})} {
    const auto* list = variable("no_proxy");
    if (list == nullptr) list = variable("NO_PROXY");
    for (std::string_view rest{list != nullptr ? list : ""}; !rest.empty();) {
        const auto end = std::min(rest.find(','), rest.size());
        std::string rule{trim(rest.substr(0, end))};
        std::ranges::transform(rule, rule.begin(), to_lower);
        if (!rule.empty()) exceptions_.push_back(std::move(rule));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

const proxy* proxies::find(const url& target) const {
    const auto& chosen = target.secure() ? https_ : http_;
    return chosen && !excepted(target) ? &*chosen : nullptr;
}

bool proxies::excepted(const url& target) const {
    return std::ranges::any_of(exceptions_, [&](std::string_view rule) {
        if (rule == "*") return true;
        if (rule.find('/') != rule.npos) return in_network(target.host(), rule);
        // A port, unless the colon is one of an IPv6 address.
        const auto colon = rule.rfind(':');
        if (colon != rule.npos && (rule.find(':') == colon || rule[colon - 1] == ']')) {
            if (parse<std::uint16_t>(rule.substr(colon + 1)) != target.port()) return false;
            rule = rule.substr(0, colon);
        }
        return names(rule, target.host());
    });
}

} // namespace rill::detail
