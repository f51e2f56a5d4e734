#pragma once

#include <rill/base/config.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace rill {

/// How much, how many and how long a server puts up with. What goes beyond is answered with the status that
/// stands beside the limit, and the connection is closed.
///
/// **Example**
///
///     rill::limits{.max_body = 16 * 1024 * 1024, .head_timeout = 5s}
struct limits {
    /// Bytes of a request's head, from the method to the empty line: 431. The trailer fields of a chunked
    /// body may take as much once more (431), and so may the extensions of its chunks (400): of each chunk
    /// that counts which is more than 64 bytes and the size of its data.
    std::size_t max_head = 16 * 1024;
    /// Fields in a head, and in a trailer: 431.
    std::size_t max_fields = 100;
    /// Bytes of a request target: 414.
    std::size_t max_target = 8 * 1024;
    /// Bytes of a request's body, without its framing: 413. A route can set its own.
    std::uint64_t max_body = 1024 * 1024;
    /// Bytes that the bodies of all connections together may hold while they are still coming: 503 with
    /// `Retry-After` for the one that would hold more. One that comes alone is bounded by `max_body` only.
    std::size_t max_bodies = 64 * 1024 * 1024;
    /// Bytes of a `Last-Event-ID`: 400, when the handler asks for it.
    std::size_t max_last_event_id = 256;
    /// Connections that a server has open at a time. A client beyond that gets 503 with `Retry-After` (see
    /// `http_error` for event streams) if its connection is plain and few others are told so right now; else
    /// it waits until the server has room. 0: seven eighths of the files that the process may have open when
    /// the server is made, so that the program can still open some of its own.
    std::size_t max_connections = 0;
    /// The same for each client address, and each /64 of IPv6: 503, or closed without a word. It is the
    /// address of the connection's peer, as `request::remote_address` gives it: behind a proxy that does not
    /// speak the PROXY protocol, all clients are one. Clients over Unix sockets are not counted. 0: no bound.
    std::size_t max_connections_per_address = 0;
    /// Streams for each `request::client_address`, and each /64 of IPv6: 503 with `Retry-After`. 0: no bound.
    std::size_t max_streams_per_address = 0;
    /// Requests on a connection; the answer to the last one says `Connection: close`. 0: no bound.
    std::uint32_t max_requests = 0;
    /// Bytes of a stream that are held for a client which does not keep up, one event more at most: half of
    /// them encoded, half behind a write. With more its handler is suspended until the client has taken all.
    std::size_t write_buffer = 64 * 1024;
    /// Bytes that the system holds for a TCP client and has not sent yet; it may hold one piece of up to
    /// 64 KiB more. Without a bound it holds up to 4 MiB: a minute and more of a slow client's time, in which
    /// nobody sees that the client is behind, and with which `lag_policy::latest` would give it old news. A
    /// client is written to again when less than half of this is left. 0 leaves it to the system, as do
    /// systems other than Linux.
    std::size_t unsent_bytes = 64 * 1024;

    /// From the beginning of a connection until its TLS handshake is done: closed without a word.
    std::chrono::milliseconds handshake_timeout{10'000};
    /// From the first byte of a head to its last one: 408. From the beginning of a connection to the end of
    /// its PROXY protocol header, if it must have one: closed without a word.
    std::chrono::milliseconds head_timeout{10'000};
    /// From the beginning of a connection to the first byte of its first request: closed without a word.
    /// Browsers open some in advance.
    std::chrono::milliseconds first_request_timeout{75'000};
    /// Between two requests of a connection: closed without a word. Clients are told of it by `Keep-Alive`,
    /// but a proxy that keeps its connections for longer sends requests into one that just closes, and those
    /// which it must not repeat are lost. So it is more than all are known to keep them by default: Envoy an
    /// hour, Cloudflare 15 minutes, Google's load balancers 10, Caddy and Traffic Server 2, Traefik 90 s,
    /// nginx, Varnish and Amazon's load balancers 60 s.
    std::chrono::milliseconds idle_timeout{3'660'000};
    /// The most between two pieces of a body that is waited for: 408. By `body_rate` it may be less.
    std::chrono::milliseconds body_timeout{30'000};
    /// Bytes that a body which is waited for must bring in a second, once `body_grace` is over: 408. What
    /// came faster counts for up to `body_timeout` later on. 0: any pace will do.
    std::uint32_t body_rate = 240;
    /// How long a body may take to get to that pace.
    std::chrono::milliseconds body_grace{5'000};
    /// From the first byte of a request's head to the last one of its body, while the handler waits for that:
    /// 408. 0: as long as `head_timeout` and `body_rate` allow.
    std::chrono::milliseconds request_timeout{0};
    /// From the head of a request to the response that its handler gives, the body included: 503, a line in
    /// the log, and the handler is cancelled. A stream has no such end once its handler has begun it. 0: no
    /// bound.
    std::chrono::milliseconds handler_timeout{0};
    /// How long a stream may be open, give or take a tenth at random. Then it ends as in a drain, and its
    /// connection with it, so that clients come back one after the other, and to servers that are new. Routes
    /// with `drain::let_finish` are left alone. 0: no bound.
    std::chrono::milliseconds max_stream_age{0};
    /// While the peer acknowledges no byte of what is written: the connection is cut, the log says so, and
    /// `server_statistics::cut_slow` counts it. A peer that takes a little in each such time is never cut,
    /// however slow it is. Progress is looked for four times in this time.
    std::chrono::milliseconds write_timeout{30'000};
    /// What the peer still sends after a refusal is read for so long, so that no reset eats the answer.
    std::chrono::milliseconds linger{1'000};
};
static_assert(std::is_trivially_destructible_v<limits> && std::is_aggregate_v<limits>);

} // namespace rill
