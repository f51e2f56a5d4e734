#pragma once

#include <rill/coro/detail/timers.hpp>
#include <rill/net/detail/transport.hpp>
#include <rill/testing/server.hpp>

#include <asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace rill::testing::detail {

class paced_reader;

/// A connection of memory: what either end has sent and the other has not taken yet. Both ends share it.
class wire {
public:
    using observer = rill::detail::transport::observer;
    /// `unsent_bytes` is that of `limits`, for a client that reads at its own pace.
    explicit wire(asio::io_context& context, std::size_t unsent_bytes = 0);
    wire(const wire&) = delete;
    wire& operator=(const wire&) = delete;
    ~wire();

    // The client's end.
    void send(std::string_view bytes);
    [[nodiscard]] std::string receive();
    void finish();
    void close();
    void window(std::size_t bytes);
    void read_at(const pace& speed);
    /// What the client has not read yet comes first.
    [[nodiscard]] bool server_ended() const noexcept {
        return server_ended_ && (!paced_ || server_reset_ || to_client_.empty());
    }
    [[nodiscard]] bool server_reset() const noexcept { return server_reset_; }
    [[nodiscard]] std::size_t writes() const noexcept { return writes_; }

private:
    friend class memory_transport;
    friend class paced_reader;
    void wake();
    void run();
    [[nodiscard]] std::size_t room() const noexcept;
    [[nodiscard]] bool writable() const noexcept;

    asio::io_context* context_; ///< none once the server's end is gone
    rill::detail::timers& timers_;
    std::size_t unsent_bytes_;
    std::unique_ptr<paced_reader> paced_; ///< none for a client that reads when the test says so
    std::string to_server_, to_client_;
    std::size_t taken_ = 0; ///< of what goes to the client, by its paced reader
    std::size_t window_ = 256 * 1024;
    std::size_t writes_ = 0;
    bool client_ended_ = false, client_gone_ = false, server_ended_ = false, server_reset_ = false;
    std::shared_ptr<observer> reader_, writer_;
};

/// The server's end.
class memory_transport final : public rill::detail::transport {
public:
    explicit memory_transport(std::shared_ptr<wire> wire,
                              const rill::detail::peer_address& client = {}) noexcept
        : wire_{std::move(wire)}, client_{client} {}
    ~memory_transport() override;

    result read_some(std::span<char> space) noexcept override;
    result write_some(std::span<const std::string_view> pieces) noexcept override;
    void wait_readable(std::shared_ptr<observer> who) override;
    void wait_writable(std::shared_ptr<observer> who) override;
    [[nodiscard]] peer_state peer() const noexcept override {
        return wire_->client_gone_    ? peer_state::gone
               : wire_->client_ended_ ? peer_state::finished
                                      : peer_state::there;
    }
    void shutdown_write() noexcept override;
    void close(bool reset) noexcept override;
    [[nodiscard]] std::size_t unacknowledged() noexcept override;
    [[nodiscard]] bool unanswered_for(std::chrono::milliseconds time) noexcept override;
    [[nodiscard]] std::string remote_address() const override {
        return client_.of == rill::detail::peer_address::kind::unknown ? "memory" : client_.str();
    }
    [[nodiscard]] rill::detail::connection_ends ends() const override { return {client_, client_}; }
    [[nodiscard]] bool local() const noexcept override {
        return client_.of == rill::detail::peer_address::kind::unix_socket;
    }

private:
    std::shared_ptr<wire> wire_;
    rill::detail::peer_address client_;
    bool closed_ = false;
};

} // namespace rill::testing::detail
