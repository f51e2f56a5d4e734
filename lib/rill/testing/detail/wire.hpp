#pragma once

#include <rill/net/detail/transport.hpp>

#include <asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace rill::testing::detail {

/// A connection of memory: what either end has sent and the other has not taken yet. Both ends share it.
class wire {
public:
    using observer = rill::detail::transport::observer;
    explicit wire(asio::io_context& context) noexcept : context_{&context} {}

    // The client's end.
    void send(std::string_view bytes);
    [[nodiscard]] std::string receive();
    void finish();
    void close();
    void window(std::size_t bytes);
    [[nodiscard]] bool server_ended() const noexcept { return server_ended_; }
    [[nodiscard]] bool server_reset() const noexcept { return server_reset_; }
    [[nodiscard]] std::size_t writes() const noexcept { return writes_; }

private:
    friend class memory_transport;
    void wake();
    void run();

    asio::io_context* context_; ///< none once the server's end is gone
    std::string to_server_, to_client_;
    std::size_t window_ = 256 * 1024;
    std::size_t writes_ = 0;
    bool client_ended_ = false, client_gone_ = false, server_ended_ = false, server_reset_ = false;
    std::shared_ptr<observer> reader_, writer_;
};

/// The server's end.
class memory_transport final : public rill::detail::transport {
public:
    explicit memory_transport(std::shared_ptr<wire> wire) noexcept : wire_{std::move(wire)} {}
    ~memory_transport() override;

    result read_some(std::span<char> space) noexcept override;
    result write_some(std::span<const std::string_view> pieces) noexcept override;
    void wait_readable(std::shared_ptr<observer> who) override;
    void wait_writable(std::shared_ptr<observer> who) override;
    void shutdown_write() noexcept override;
    void close(bool reset) noexcept override;
    [[nodiscard]] std::string remote_address() const override { return "memory"; }

private:
    std::shared_ptr<wire> wire_;
    bool closed_ = false;
};

} // namespace rill::testing::detail
