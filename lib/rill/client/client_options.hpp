#pragma once

#include <rill/sse/decode.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace rill {

/// How an `http_client` connects, how long it waits, and how much it takes. A time of zero is no bound. The
/// views are needed only while the client is made.
///
/// **Example**
///
///     rill::http_client llm{"https://llm.example", {.idle_timeout = 2min, .ca_file = "our-ca.pem"}};
struct client_options {
    /// For the system to find the addresses of a host.
    std::chrono::milliseconds resolve_timeout{10'000};
    /// For connecting, to all addresses of the host together.
    std::chrono::milliseconds connect_timeout{10'000};
    /// For the TLS handshake, and for a proxy to open its tunnel.
    std::chrono::milliseconds tls_timeout{10'000};
    /// From the end of the request to the first byte of the answer, and as long again from there to the end
    /// of its head, with all interim answers.
    std::chrono::milliseconds first_byte_timeout{60'000};
    /// Between two pieces of the answer; any byte counts, comments of an event stream too. Also while the
    /// server takes nothing of the request.
    std::chrono::milliseconds idle_timeout{300'000};

    /// Bytes of a response's head.
    std::size_t max_head = 64 * 1024;
    /// Fields in a head.
    std::size_t max_fields = 200;
    /// Bytes of a body that is read as a whole, by `client_response::bytes`.
    std::uint64_t max_body = std::uint64_t{16} << 20;
    /// What an event stream may demand.
    decode_limits events{};

    /// Redirects that are followed for one request; 0 gives the redirect itself as the response.
    unsigned max_redirects = 10;
    /// Whether redirects to another origin are followed, which may be another host, or the same one without
    /// TLS. If not, such a redirect itself is the response: what is asked then goes to nobody else.
    bool redirects_across_origins = true;

    /// Idle connections that are kept for each origin, and for how long.
    std::size_t pool_size = 8;
    std::chrono::milliseconds pool_time{30'000};

    /// Whether `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` in the environment count. They are
    /// read when the client is made; a proxy that is not `http://` fails the requests that need it.
    bool environment_proxies = true;

    /// A file of authorities (PEM) to trust in place of the system's.
    std::string_view ca_file{};
    /// Files of the client's own certificate chain and key (PEM), for servers that ask for one. A key that is
    /// encrypted is refused: nobody is asked for a passphrase.
    std::string_view certificate{};
    std::string_view private_key{};
    /// Whether the server's certificate must be trusted and be for its host. To turn it off is for tests.
    bool verify = true;
};
static_assert(std::is_trivially_destructible_v<client_options>);

} // namespace rill
