#pragma once

#include <rill/coro/task.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rill::detail {

/// Finds the addresses of a host.
///
/// The system's resolver cannot be stopped: Asio runs it in a thread, and tells of a cancellation only when
/// that comes back. Here who waits is told at once, and what the thread finds later is dropped.
class name_lookup {
public:
    using addresses = std::vector<asio::ip::tcp::endpoint>;

    /// Throws `std::system_error` with what the system says. One call at a time.
    [[nodiscard]] task<addresses> run(asio::any_io_executor executor, std::string host, std::uint16_t port);

    /// Ends it, with `operation_aborted`. On the executor of `run`.
    void cancel() noexcept;

private:
    class operation;

    std::weak_ptr<operation> under_way_;
};

} // namespace rill::detail
