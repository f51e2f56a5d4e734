#pragma once

#include <rill/base/clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hub {

/// How many topics each client may begin: `most` at once, and then again as many in each `period`, evenly. So
/// nobody fills the hub alone: what it begins later than that takes the place of what is too old. For any
/// thread.
///
/// A client is an address, of IPv6 the /64 that it lies in; behind a proxy that is not trusted, all clients
/// are one.
class topic_quota {
public:
    topic_quota(std::size_t most, std::chrono::milliseconds period) noexcept
        : period_{period},
          interval_{std::max(period_ / static_cast<rill::duration::rep>(most), rill::duration{1})} {}

    /// A client begins one; `client_address` is as `request` gives it. Throws `http_error` 429 with
    /// `Retry-After`.
    void take(std::string_view client_address, rill::time_point now = rill::clock::now());
    /// Nothing came of the one that it took last.
    void give_back(std::string_view client_address);

private:
    const rill::duration period_, interval_;
    std::mutex mutex_;
    std::unordered_map<std::string, rill::time_point> spent_; ///< when each will have all again
};

} // namespace hub
