#pragma once

#include <rill/base/clock.hpp>
#include <rill/client/detail/connection.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/execution_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rill::detail {

/// Connections that have answered, and wait for the next request to the same place. Any thread may use it; a
/// connection is taken only on the executor that it lives on.
///
/// A client may outlive an event loop that its requests ran on, and sockets may not: a service of each
/// execution context drops what is left here when that goes.
class connection_pool : public std::enable_shared_from_this<connection_pool> {
public:
    connection_pool(std::size_t most, std::chrono::milliseconds longest) noexcept
        : most_{most}, longest_{std::min<std::chrono::milliseconds>(longest, std::chrono::hours{24})} {}

    /// One that was used for `place` on `executor`, and is still open; else null.
    [[nodiscard]] std::unique_ptr<connection> take(std::string_view place,
                                                   const asio::any_io_executor& executor);

    /// To be called on the connection's executor; nothing is under way on it. It is kept for no longer than
    /// the server does, as far as that says so.
    void put(std::string place, std::unique_ptr<connection> idle,
             std::optional<std::chrono::milliseconds> server_time);

    /// How many there are.
    [[nodiscard]] std::size_t size();

private:
    class tenant;
    struct entry {
        std::string place;
        std::unique_ptr<connection> idle;
        time_point until;
    };
    using entries = std::vector<entry>;

    [[nodiscard]] entries take_expired();
    void drop(asio::execution_context& context) noexcept;

    const std::size_t most_;
    const std::chrono::milliseconds longest_;
    std::mutex mutex_;
    entries entries_; ///< the youngest last
};

} // namespace rill::detail
