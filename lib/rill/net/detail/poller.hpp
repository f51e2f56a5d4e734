#pragma once

#include <asio/execution_context.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <sys/epoll.h>

namespace rill::detail {

class epoll_transport;

/// Watches the sockets of one `io_context`, with an epoll instance of its own that the context watches as one
/// descriptor. Asio would keep a record of 300 bytes for each socket, and arm each wait by a system call;
/// here a socket is registered once, and is told of edges: of what has changed since it was told last.
///
///     io_context ──watches──▶ epoll ──edges──▶ poller ──on_events──▶ epoll_transport ──tells──▶ observer
///
/// While there are edges it looks for more in the next turn, by itself; the context watches when there are
/// none.
///
/// It is a service of the context, made by `prepare_for_sockets` or for the first socket, and belongs to the
/// thread that runs the context. From then on it counts as work: `run` ends when the context is stopped.
class poller final : public asio::execution_context::service {
public:
    using key_type = poller;
    static asio::execution_context::id id;

    /// Throws `std::system_error` where the system has no descriptor left.
    explicit poller(asio::execution_context& context);

    /// Has `who` told of `events` at `socket`, and at once of those that are there already. `who` must stay
    /// where it is until it is removed. Throws `std::system_error` where the system's bound for watched
    /// descriptors is reached (`fs.epoll.max_user_watches`), or its memory.
    void add(int socket, epoll_transport& who, std::uint32_t events);
    /// Changes `events`, and has `who` told at once of those that are there. Throws as `add` does.
    void change(int socket, epoll_transport& who, std::uint32_t events);
    /// `who` is told of nothing any more, not even of what is on its way. To be called before `socket` is
    /// closed: a process that was forked meanwhile may hold it open, and epoll would go on about it.
    void remove(int socket, const epoll_transport& who) noexcept;

    /// Whether there are more edges to tell of in this turn.
    [[nodiscard]] bool telling_more() const noexcept { return !batch_.empty(); }

    [[nodiscard]] asio::io_context& context() noexcept { return context_; }

private:
    using descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

    void shutdown() noexcept override;
    void control(int operation, int socket, epoll_transport& who, std::uint32_t events);
    void wait();
    void take();
    void prefetch_next() const noexcept;

    asio::io_context& context_;
    descriptor epoll_;
    std::array<epoll_event, 128> events_{}; ///< as many as Asio takes before others get their turn
    std::span<epoll_event> batch_;          ///< those of them that are still to be told
};

} // namespace rill::detail
