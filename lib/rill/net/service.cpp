#include <rill/net/detail/bad_option.hpp>
#include <rill/net/detail/service.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <sys/resource.h>

namespace rill::detail {
namespace {

/// So many at a time are told that there are too many.
constexpr std::size_t most_turned_away = 64;

/// With each time at most a century, so that none of them overflows where it is counted in nanoseconds, and
/// with a number of connections.
limits effective(limits bounds) noexcept {
    for (auto* const time :
         {&bounds.handshake_timeout, &bounds.head_timeout, &bounds.first_request_timeout,
          &bounds.idle_timeout, &bounds.body_timeout, &bounds.body_grace, &bounds.write_timeout,
          &bounds.linger, &bounds.request_timeout, &bounds.handler_timeout, &bounds.max_stream_age})
        *time = std::min<std::chrono::milliseconds>(*time, std::chrono::years{100});
    if (bounds.max_connections > 0) return bounds;
    bounds.max_connections = std::numeric_limits<std::size_t>::max();
    if (rlimit files{}; ::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY)
        bounds.max_connections = std::max<std::size_t>(files.rlim_cur - files.rlim_cur / 8, 1);
    return bounds;
}

} // namespace

service::service(const router& router, const server_options& options)
    : routes{router_access::table(router)},
      bounds{effective(options.limits)},
      log{options.log ? *options.log : standard_error_log()},
      reconnect_spread{options.reconnect_spread},
      proxy_protocol{proxies_of("proxy_protocol", options.proxy_protocol)},
      trust{proxies_of("trust_proxy", options.trust_proxy), options.forwarded_fields},
      connection_places{bounds.max_connections_per_address},
      stream_places{bounds.max_streams_per_address} {}

admission service::admit(bool cheap) const noexcept {
    const auto away = turned_away.load(std::memory_order_relaxed);
    const auto open = connections.load(std::memory_order_relaxed);
    if (open < away || open - away < bounds.max_connections) return admission::serve;
    return cheap && may_turn_away() ? admission::turn_away : admission::wait;
}

bool service::may_turn_away() const noexcept {
    return turned_away.load(std::memory_order_relaxed) < most_turned_away;
}

server_statistics service::statistics() const noexcept {
    const auto read = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
    return {.cut_slow = 0,
            .connections = read(connections),
            .over_connections = read(counted.over_connections),
            .over_connections_per_address = read(counted.over_connections_per_address),
            .over_streams_per_address = read(counted.over_streams_per_address),
            .over_requests = read(counted.over_requests),
            .slow_requests = read(counted.slow_requests),
            .slow_handlers = read(counted.slow_handlers),
            .old_streams = read(counted.old_streams)};
}

} // namespace rill::detail
