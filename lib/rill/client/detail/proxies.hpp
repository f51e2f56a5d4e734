#pragma once

#include <rill/http/url.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rill::detail {

/// A proxy that requests go through.
struct proxy {
    url where;
    std::string authorization; ///< the value of `Proxy-Authorization`, or empty
};

/// The proxies that the environment names, as curl has them: `http_proxy` for http, `https_proxy` or
/// `HTTPS_PROXY` for https, and the hosts that need none in `no_proxy` or `NO_PROXY`. `HTTP_PROXY` does not
/// count: to a CGI program that is a field of the request that it answers.
class proxies {
public:
    using environment = std::function<const char*(const char*)>;

    /// None.
    proxies() = default;
    /// Reads the environment. Throws `rill::error` with `invalid_url` for a proxy that is not `http://`.
    explicit proxies(const environment& variable);

    /// The proxy for `target`, or null if it is reached directly.
    [[nodiscard]] const proxy* find(const url& target) const;

private:
    [[nodiscard]] bool excepted(const url& target) const;

    std::optional<proxy> http_, https_;
    std::vector<std::string> exceptions_; ///< in lower case
};

/// `userinfo` of a URL as the value of a field `Authorization` or `Proxy-Authorization` (RFC 7617 §2); empty
/// if there is none, or if it is no UTF-8.
[[nodiscard]] std::string basic_authorization(std::string_view userinfo);

} // namespace rill::detail
