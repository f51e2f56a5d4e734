#include <rill/base/error.hpp>
#include <rill/base/text.hpp>
#include <rill/client/detail/proxies.hpp>
#include <rill/client/error.hpp>
#include <rill/http/detail/syntax.hpp>
#include <rill/http/target.hpp>

#include <fmt/format.h>

#include <algorithm>
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

/// Why `text` is of no use. It may hold a password, so that no more of it is told than its scheme.
std::string problem_with(std::string_view text) {
    const auto end = text.find("://");
    const auto scheme = text.substr(0, end == text.npos ? 0 : end);
    constexpr auto belongs = [](char c) { return is_token(std::string_view{&c, 1}); };
    if (scheme.empty() || equals_ignoring_case(scheme, "http") || !std::ranges::all_of(scheme, belongs))
        return "is not a URL of a proxy (in a password, '/', '?' and '#' are written as %2F, %3F and %23)";
    return fmt::format("is a {}:// proxy, and only http:// proxies are served", scheme);
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

proxies::choice proxies::read(const environment& variable, std::initializer_list<const char*> names) {
    for (const auto* const name : names) {
        const auto* const value = variable(name);
        const auto text = trim(value != nullptr ? value : "");
        if (text.empty()) continue;
        const auto where = url::parse(text.find("://") == text.npos ? fmt::format("http://{}", text) : text);
        if (!where || where->secure()) return {{}, fmt::format("{} {}", name, problem_with(text))};
        return {proxy{*where, basic_authorization(where->userinfo())}, {}};
    }
    return {};
}

proxies::proxies(const environment& variable)
    : http_{read(variable, {"http_proxy", "all_proxy", "ALL_PROXY"})},
      https_{read(variable, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})} {
    const auto* list = variable("no_proxy");
    if (list == nullptr) list = variable("NO_PROXY");
    if (list != nullptr) exceptions_ = proxy_exceptions{list};
}

const proxy* proxies::find(const url& target) const {
    const auto& chosen = target.secure() ? https_ : http_;
    if ((!chosen.usable && chosen.problem.empty()) || exceptions_.contain(target)) return nullptr;
    if (!chosen.usable)
        throw error{client_errc::proxy_not_usable, fmt::format("{}: {}", target.str(), chosen.problem)};
    return &*chosen.usable;
}

} // namespace rill::detail
