#pragma once

#include <rill/app/middleware.hpp>
#include <rill/base/export.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace rill {

/// A middleware that answers only the pages of this server, of the pages that browsers show.
///
/// A browser lets any page send requests to any server, also to one on `localhost` that nobody else can
/// reach. It says which page asks: in `Origin` (RFC 6454 §7), or in `Sec-Fetch-Site`. A request is refused
/// with 403 if the page has another origin than the server, unless that is allowed by `allow_origin`. Clients
/// that are no browsers send neither field and pass; so does following a link from elsewhere.
///
/// A page can also give its own host the address of this server (DNS rebinding); then all it asks is of the
/// same origin. This shows in the host that it asks for: once any are allowed by `allow_host`, a request for
/// another host is refused with 403.
///
/// Both are compared with `request::host`. So behind a proxy, `Host` must be what the browser sent, or
/// `server_options::trust_proxy` name the proxy and this tell the host, or the public origin be allowed. What
/// was sent over TLS and what was not counts as the same origin, since a proxy hides the difference.
///
/// A preflight (Fetch §4.8) from an allowed origin is granted what it asks for, and answers to such an origin
/// may be read by its pages.
///
/// **Example**
///
///     rill::router routes;
///     routes.use(rill::same_origin{}.allow_loopback_hosts().allow_origin("https://admin.example"));
class RILL_EXPORT same_origin {
public:
    /// Allows requests for `host`: a name or an address, that of IPv6 in brackets; with a port for this port
    /// alone (`example.com:8080`), else for any. Throws `std::invalid_argument` if it is empty or has a `/`,
    /// `@`, white space or a comma in it.
    same_origin& allow_host(std::string_view host);

    /// Allows requests for what always is this machine: `localhost` and names below it, `127.0.0.0/8`,
    /// `[::1]`.
    same_origin& allow_loopback_hosts() noexcept;

    /// Allows the pages of `origin`, as `https://example.com` or `http://localhost:3000`. Throws
    /// `std::invalid_argument` if it is not of the form `scheme://host` or `scheme://host:port`.
    same_origin& allow_origin(std::string_view origin);

    /// Leaves requests for `path` to everybody: whatever page asks, and whatever host it asks for. For what
    /// tells nothing and does nothing, as a health check that a load balancer asks for by an address.
    same_origin& leave_open(std::string_view path);

    [[nodiscard]] task<response> operator()(request& request, next next) const;

private:
    [[nodiscard]] bool is_allowed_host(std::string_view host) const;
    [[nodiscard]] bool is_allowed_origin(std::string_view origin) const;
    [[nodiscard]] std::string_view objection(const request& request) const;

    bool any_host_ = true;
    bool loopback_hosts_ = false;
    std::vector<std::string> hosts_;   ///< in lower case
    std::vector<std::string> origins_; ///< in lower case, without a default port
    std::vector<std::string> open_;    ///< paths
};

} // namespace rill
