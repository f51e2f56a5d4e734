#pragma once

#include <rill/base/clock.hpp>
#include <rill/base/detail/networks.hpp>
#include <rill/base/log.hpp>
#include <rill/coro/detail/timers.hpp>
#include <rill/net/detail/transport.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace rill::detail {

/// A shard's share of the PROXY protocol. It belongs to the shard's thread, and outlives the connections.
struct proxy_share {
    proxy_share(const networks& proxies, detail::timers& timers, std::chrono::milliseconds header_timeout,
                log_sink& log) noexcept
        : proxies{proxies}, timers{timers}, header_timeout{header_timeout}, log{log} {}

    const networks& proxies; ///< whose connections begin with a header
    detail::timers& timers;
    const std::chrono::milliseconds header_timeout;
    log_sink& log;
    time_point told_next{}; ///< no line in the log before that
};

/// A connection from a proxy that says with a PROXY protocol header whose it is.
///
///     session ──▶ (tls_transport) ──▶ proxied_transport ──▶ inner transport
///
/// The header is part of reading: it is taken off what `read_some` reads, and until it is complete nothing
/// can be written. A header that is malformed, or has not come in time, ends the connection without a word,
/// and the log tells of it, once in a second at most. A connection that ends before its first byte is a
/// health check, and no line is written.
///
/// Other connections have no such transport, and pay nothing.
class proxied_transport final : public transport {
public:
    proxied_transport(std::unique_ptr<transport> inner, proxy_share& share);
    proxied_transport(const proxied_transport&) = delete;
    proxied_transport& operator=(const proxied_transport&) = delete;
    ~proxied_transport() override;

    /// Reads the inner transport once. `blocked` where that was a part of the header, or all of it.
    result read_some(std::span<char> space) noexcept override;
    result write_some(std::span<const std::string_view> pieces) noexcept override;
    void wait_readable(std::shared_ptr<observer> who) override { inner_->wait_readable(std::move(who)); }
    void wait_writable(std::shared_ptr<observer> who) override { inner_->wait_writable(std::move(who)); }
    [[nodiscard]] bool others_ready() const noexcept override { return inner_->others_ready(); }
    [[nodiscard]] peer_state peer() const noexcept override { return inner_->peer(); }
    void shutdown_write() noexcept override;
    void close(bool reset) noexcept override;
    [[nodiscard]] std::size_t unacknowledged() noexcept override { return inner_->unacknowledged(); }
    [[nodiscard]] bool unanswered_for(std::chrono::milliseconds time) noexcept override {
        return inner_->unanswered_for(time);
    }
    [[nodiscard]] bool is_near() noexcept override { return inner_->is_near(); }
    /// Until the header is complete, the client is unknown.
    [[nodiscard]] connection_ends ends() const override;
    [[nodiscard]] bool secure() const noexcept override { return inner_->secure(); }
    [[nodiscard]] bool local() const noexcept override { return inner_->local(); }

private:
    class header;
    result refuse(std::string_view why) noexcept;

    std::unique_ptr<transport> inner_;
    proxy_share& share_;
    std::unique_ptr<header> header_; ///< until it is complete
    std::optional<peer_address> client_;
};

} // namespace rill::detail
