#pragma once

#include <rill/client/client_options.hpp>
#include <rill/client/client_request.hpp>
#include <rill/client/detail/connection_pool.hpp>
#include <rill/client/detail/interrupt.hpp>
#include <rill/client/detail/proxies.hpp>
#include <rill/client/detail/tls_stream.hpp>
#include <rill/coro/task.hpp>
#include <rill/http/fields.hpp>
#include <rill/http/limits.hpp>
#include <rill/http/url.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace rill::detail {

class exchange_in_flight;

/// What a client is, and what its responses keep of it: how to connect, and the idle connections. But for the
/// pool, which locks, it does not change once requests are sent.
class client_core : public std::enable_shared_from_this<client_core> {
public:
    client_core(std::string_view base, const client_options& options);

    /// As `http_client::send`. `by` may end it; it may be null, and else must outlive what comes out. `sent`,
    /// unless it is null, is set once a server may have got something of the request.
    [[nodiscard]] task<std::unique_ptr<exchange_in_flight>> send(client_request request, interrupt* by,
                                                                 bool* sent = nullptr);

    [[nodiscard]] const client_options& options() const noexcept { return options_; }
    /// For the parser of responses.
    [[nodiscard]] const limits& bounds() const noexcept { return bounds_; }
    /// Throws `rill::error` with `proxy_not_usable`.
    [[nodiscard]] const proxy* proxy_for(const url& target) const { return proxies_.find(target); }
    /// The `Accept-Encoding` that a request has from its caller; empty if it has none.
    [[nodiscard]] std::string_view codings_wanted(const client_request& request) const;
    /// Null where TLS is not built in. Throws `rill::error` with `invalid_certificate`.
    [[nodiscard]] const tls_context* tls();
    [[nodiscard]] connection_pool& pool() noexcept { return *pool_; }

    fields defaults; ///< for requests to the base's origin; set before the first one

    /// What a request asks for. Throws `rill::error` with `invalid_url`.
    [[nodiscard]] url where(const client_request& request) const;

private:
    [[nodiscard]] std::string head_of(const client_request& request, const url& to, const url& first) const;

    client_options options_; ///< its views are gone
    limits bounds_;
    std::optional<url> base_;
    proxies proxies_;
    std::once_flag tls_made_;
    std::shared_ptr<const tls_context> tls_;
    std::shared_ptr<connection_pool> pool_;
};

} // namespace rill::detail
