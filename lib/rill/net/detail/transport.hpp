#pragma once

#include <rill/base/detail/peer_address.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace rill::detail {

/// A connected stream of bytes: a socket, or memory in tests.
///
/// It is used by readiness: read and write what goes without waiting, and when nothing goes, ask to be told.
/// So a connection that waits owns no buffer. One thread owns it.
class transport {
public:
    /// Who waits for it. The transport keeps it alive until it was told, and tells it from the event loop,
    /// never from inside `wait_readable` or `wait_writable`.
    class observer {
    public:
        /// There are bytes, or the end, or an error, that `read_some` will find; or the transport was closed.
        virtual void on_readable() = 0;
        /// The same for `write_some`.
        virtual void on_writable() = 0;

    protected:
        ~observer() = default;
    };

    /// What a read or a write came to: bytes, or `blocked`, or `ended`.
    enum class status : std::uint8_t {
        moved,   ///< `bytes` of them, at least one
        blocked, ///< nothing goes now
        ended,   ///< the peer has finished or is gone, or this end was closed
    };
    struct result {
        transport::status status;
        std::size_t bytes = 0;
    };

    static constexpr std::size_t most_pieces = 12;

    virtual ~transport() = default;

    [[nodiscard]] virtual result read_some(std::span<char> space) noexcept = 0;
    /// Writes a part of the pieces, one after the other, in one system call: at most `most_pieces`
    /// that are not empty.
    [[nodiscard]] virtual result write_some(std::span<const std::string_view> pieces) noexcept = 0;

    /// At most one wait of each kind may be under way.
    virtual void wait_readable(std::shared_ptr<observer> who) = 0;
    virtual void wait_writable(std::shared_ptr<observer> who) = 0;

    /// Whether other connections, found ready together with this one, are told right behind it.
    [[nodiscard]] virtual bool others_ready() const noexcept { return false; }

    /// What is known of the peer without asking the system.
    enum class peer_state : std::uint8_t {
        there,
        finished, ///< sends no more than what is to be read: it waits for answers, or has left
        gone,     ///< takes nothing any more
    };
    [[nodiscard]] virtual peer_state peer() const noexcept { return peer_state::there; }

    /// Tells the peer that no more bytes come.
    virtual void shutdown_write() noexcept = 0;
    /// Gives the connection up, with a reset where `reset` says so: the peer must not take what it has for
    /// complete. Observers that wait are told; if there is no memory for that, they are let go untold, and
    /// this transport with them if they own it.
    virtual void close(bool reset) noexcept = 0;

    /// The bytes that were written and that the peer has not acknowledged: what lies here, on the way, and in
    /// none of its own buffers. 0 where the system does not tell.
    [[nodiscard]] virtual std::size_t unacknowledged() noexcept { return 0; }
    /// Whether something was sent again, and nothing has come back for `time`: the peer is dead, and nobody
    /// has said so.
    [[nodiscard]] virtual bool unanswered_for(std::chrono::milliseconds) noexcept { return false; }
    /// Whether the peer is on this machine or in its private network: then it may be a proxy.
    [[nodiscard]] virtual bool is_near() noexcept { return false; }

    /// Whose connection it is, as far as that is known, and what has made it.
    [[nodiscard]] virtual connection_ends ends() const { return {}; }
    /// The former as `request::remote_address` gives it; until it is known, the latter.
    [[nodiscard]] virtual std::string remote_address() const {
        const auto both = ends();
        return (both.client.of == peer_address::kind::unknown ? both.neighbour : both.client).str();
    }
    /// Whether it is encrypted, as `request::secure` says it.
    [[nodiscard]] virtual bool secure() const noexcept { return false; }
    /// Whether it is a Unix socket's: then requests come without an authority.
    [[nodiscard]] virtual bool local() const noexcept { return false; }

protected:
    /// Tells `who`, if there is one, from the event loop.
    static void tell(asio::io_context& loop, std::shared_ptr<observer> who, void (observer::*event)()) {
        if (who) asio::post(loop, [who = std::move(who), event] { ((*who).*event)(); });
    }
    /// The same for `close`. That may be the end of the transport.
    static void tell_closed(asio::io_context& loop, std::shared_ptr<observer> who,
                            void (observer::*event)()) noexcept try {
        tell(loop, std::move(who), event);
    } catch (const std::bad_alloc&) { // it goes untold
        return;
    }
};

} // namespace rill::detail
