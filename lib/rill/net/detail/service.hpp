#pragma once

#include <rill/app/detail/routing_table.hpp>
#include <rill/base/detail/networks.hpp>
#include <rill/base/log.hpp>
#include <rill/http/detail/forwarded.hpp>
#include <rill/http/limits.hpp>
#include <rill/net/detail/places.hpp>
#include <rill/net/server.hpp>
#include <rill/net/statistics.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rill::detail {

/// What is done with a connection that has come.
enum class admission : std::uint8_t {
    serve,
    turn_away, ///< it is told that there are too many
    wait       ///< it is not even taken from the system
};

/// What all shards of a server have in common.
class service {
public:
    /// Throws `bad_option` if a list of proxies cannot be read. `router` and the log must outlive it.
    service(const router& router, const server_options& options);
    service(const service&) = delete;
    service& operator=(const service&) = delete;

    /// Whether there is room for one more connection. `cheap` says that to turn it away costs little.
    [[nodiscard]] admission admit(bool cheap) const noexcept;
    /// Whether one more connection may be told that there are too many.
    [[nodiscard]] bool may_turn_away() const noexcept;
    /// All but what the shards count by themselves.
    [[nodiscard]] server_statistics statistics() const noexcept;

    // Nothing of this changes while the server runs.

    const routing_table& routes;
    const limits bounds;
    log_sink& log;
    const std::chrono::milliseconds reconnect_spread; ///< see `server_options`
    const networks proxy_protocol;                    ///< whose connections begin with its header
    const proxy_trust trust;                          ///< who may say whose request it passes on

    // What changes, by any thread.

    mutable std::atomic<std::size_t> bodies{0};      ///< bytes of those under way: see `body_share`
    mutable std::atomic<std::size_t> connections{0}; ///< that are open
    mutable std::atomic<std::size_t> turned_away{0}; ///< those among them that are told to go
    mutable std::atomic<bool> stopping{false};       ///< see `request::stopping`
    mutable places connection_places;
    mutable places stream_places;
    struct counts {
        std::atomic<std::uint64_t> over_connections{0}, over_connections_per_address{0},
            over_streams_per_address{0}, over_requests{0}, slow_requests{0}, slow_handlers{0}, old_streams{0};
    };
    mutable counts counted;
};

} // namespace rill::detail
