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
    /// Bytes of a `Last-Event-ID`: 400, when the handler asks for it.
    std::size_t max_last_event_id = 256;
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
    /// From the first byte of a head to its last one: 408.
    std::chrono::milliseconds head_timeout{10'000};
    /// Between two requests of a connection: closed without a word.
    std::chrono::milliseconds idle_timeout{75'000};
    /// Between two pieces of a body: 408.
    std::chrono::milliseconds body_timeout{30'000};
    /// While the peer acknowledges no byte of what is written: the connection is cut, the log says so, and
    /// `server_statistics::cut_slow` counts it. A peer that takes a little in each such time is never cut,
    /// however slow it is. Progress is looked for four times in this time.
    std::chrono::milliseconds write_timeout{30'000};
    /// What the peer still sends after a refusal is read for so long, so that no reset eats the answer.
    std::chrono::milliseconds linger{1'000};
};
static_assert(std::is_trivially_destructible_v<limits> && std::is_aggregate_v<limits>);

} // namespace rill
