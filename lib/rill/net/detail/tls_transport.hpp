#pragma once

#include <rill/base/detail/timer_wheel.hpp>
#include <rill/net/detail/tls.hpp>
#include <rill/net/detail/transport.hpp>

#include <cstddef>
#include <memory>
#include <openssl/ssl.h>
#include <span>
#include <string>
#include <string_view>

namespace rill::detail {

/// The server's end of a TLS connection, over a transport that carries its records.
///
///     session ──▶ tls_transport ──▶ SSL ──BIO──▶ receive, send ──▶ inner transport
///                      ▲                                                  │
///                      └────────── flusher, while unsent ◀──on_writable───┘
///
/// The handshake is part of reading: it goes on with each `read_some`, and until it is done nothing can be
/// written. It has a deadline. The same holds for messages of the protocol that come later: who writes while
/// only a part of one has come finds the connection ended. No client sends them so.
///
/// OpenSSL is told that all it writes is taken; what the inner transport does not take is `unsent_`, never
/// more than a record and some alerts. Then the plaintext of that record counts as `blocked`, and the caller,
/// who presents it again, is told of it when it has left: so a client that does not read is a backlog here as
/// it is without TLS.
///
/// Waits to read go to the inner transport as they are. Waits to write go through the flusher, which is there
/// while something is unsent or somebody waits, and flushes alerts and the like when nobody does.
class tls_transport final : public transport {
public:
    /// Throws `std::bad_alloc`.
    tls_transport(std::unique_ptr<transport> inner, tls_share& share);
    tls_transport(const tls_transport&) = delete;
    tls_transport& operator=(const tls_transport&) = delete;
    ~tls_transport() override;

    /// Reads the inner transport once, and what that gives to its end. Ends with the peer's close_notify,
    /// with the end of the inner transport, and with anything that is not TLS.
    result read_some(std::span<char> space) noexcept override;
    /// A record for each 16 KiB. Where the last write was `blocked`, the pieces must begin with the same
    /// bytes.
    result write_some(std::span<const std::string_view> pieces) noexcept override;
    void wait_readable(std::shared_ptr<observer> who) override;
    void wait_writable(std::shared_ptr<observer> who) override;
    /// Sends close_notify (RFC 8446 §6.1) before it shuts the inner transport.
    void shutdown_write() noexcept override;
    /// Sends close_notify, if that goes at once, unless `reset` says that the end is not a proper one.
    void close(bool reset) noexcept override;
    /// Of the records that were sent. What is unsent here is the caller's backlog.
    [[nodiscard]] std::size_t unacknowledged() noexcept override { return inner_->unacknowledged(); }
    [[nodiscard]] bool unanswered_for(std::chrono::milliseconds time) noexcept override {
        return inner_->unanswered_for(time);
    }
    [[nodiscard]] bool is_near() noexcept override { return inner_->is_near(); }
    [[nodiscard]] connection_ends ends() const override { return inner_->ends(); }
    [[nodiscard]] std::string remote_address() const override { return inner_->remote_address(); }
    [[nodiscard]] peer_state peer() const noexcept override { return inner_->peer(); }
    [[nodiscard]] bool secure() const noexcept override { return true; }
    [[nodiscard]] bool local() const noexcept override { return inner_->local(); }

private:
    class flusher;
    class handshake_deadline;
    struct bio;
    struct free_ssl {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };

    [[nodiscard]] bool established() const noexcept { return SSL_is_init_finished(ssl_.get()) != 0; }
    [[nodiscard]] bool has_more() const noexcept;
    std::size_t decrypt(std::span<char> space) noexcept;
    void keep_unread() noexcept;
    [[nodiscard]] std::string_view gather(std::span<const std::string_view> pieces,
                                          std::size_t from) noexcept;
    void notify_close() noexcept;
    bool send(std::string_view bytes) noexcept;
    [[nodiscard]] bool flush() noexcept;
    void flush_later() noexcept;

    std::unique_ptr<transport> inner_;
    tls_share& share_;
    std::unique_ptr<SSL, free_ssl> ssl_;
    std::unique_ptr<handshake_deadline> deadline_; ///< until the handshake is done
    std::shared_ptr<flusher> flusher_;
    std::string unread_;    ///< records, or the beginning of one, that a reader had no room for
    std::string unsent_;    ///< records that the inner transport has not taken
    std::size_t taken_ = 0; ///< bytes of plaintext in them that the caller still has
    bool may_receive_ = false;
    bool inner_ended_ = false;
    bool read_ended_ = false;
    bool failed_ = false;    ///< nothing can be read nor written any more
    bool finishing_ = false; ///< close_notify is written
    bool closed_ = false;
};

} // namespace rill::detail
