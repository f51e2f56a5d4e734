#pragma once

#include <rill/base/config.hpp>

#include <string_view>
#include <type_traits>

namespace rill {

/// What a server shows its clients so that they trust it. With it the server speaks TLS 1.2 and 1.3 (RFC
/// 8446), and nothing else on its port; ALPN is `http/1.1` (RFC 7301). The views are needed only while the
/// server is made: it keeps the names, for `server::reload_certificates`.
///
/// **Example**
///
///     rill::serve(routes, {.port = 443, .tls = {.certificate = "chain.pem", .private_key = "key.pem"}})
struct tls_options {
    /// A PEM file with the server's certificate, and behind it those that lead to a trusted authority.
    std::string_view certificate{};
    /// A PEM file with the certificate's key, not encrypted. It may be the same file.
    std::string_view private_key{};

    /// Whether TLS is asked for.
    [[nodiscard]] constexpr bool wanted() const noexcept {
        return !certificate.empty() || !private_key.empty();
    }
};
static_assert(std::is_trivially_destructible_v<tls_options> && std::is_aggregate_v<tls_options>);

} // namespace rill
