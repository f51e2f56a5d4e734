#pragma once

#include <rill/client/detail/proxy_exceptions.hpp>
#include <rill/http/url.hpp>

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace rill::detail {

/// A proxy that requests go through.
struct proxy {
    url where;
    std::string authorization; ///< the value of `Proxy-Authorization`, or empty
};

/// The proxies that the environment names, as curl has them: `http_proxy` for http, `https_proxy` or
/// `HTTPS_PROXY` for https, `all_proxy` or `ALL_PROXY` for what has none of its own, and the hosts that need
/// none in `no_proxy` or `NO_PROXY`. `HTTP_PROXY` does not count: to a CGI program that is a field of the
/// request that it answers. An empty variable names no proxy.
class proxies {
public:
    using environment = std::function<const char*(const char*)>;

    /// None.
    proxies() = default;
    /// Reads the environment. A proxy that cannot be used is an error for the requests that need it only.
    explicit proxies(const environment& variable);

    /// The proxy for `target`, or null if it is reached directly. Throws `rill::error` with
    /// `proxy_not_usable` if the environment names one that is not `http://`, or not a URL.
    [[nodiscard]] const proxy* find(const url& target) const;

private:
    /// What the environment says for a scheme: a proxy, or why its word is of no use, or neither.
    struct choice {
        std::optional<proxy> usable;
        std::string problem;
    };

    [[nodiscard]] static choice read(const environment& variable, std::initializer_list<const char*> names);

    choice http_, https_;
    proxy_exceptions exceptions_;
};

/// `userinfo` of a URL as the value of a field `Authorization` or `Proxy-Authorization` (RFC 7617 §2); empty
/// if there is none, or if it is no UTF-8.
[[nodiscard]] std::string basic_authorization(std::string_view userinfo);

} // namespace rill::detail
