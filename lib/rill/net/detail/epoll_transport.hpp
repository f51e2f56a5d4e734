#pragma once

#include <rill/base/detail/prefetch.hpp>
#include <rill/net/detail/poller.hpp>
#include <rill/net/detail/socket_transport.hpp>

#include <cstddef>
#include <cstdint>
#include <sys/types.h>

namespace rill::detail {

/// A socket that a poller watches. All that a connection costs for being watched is in this object.
///
/// Since an edge comes only once, it is remembered here until a read or a write finds that nothing goes.
/// A wait for what is there already is told by a posted call, as is one that `close` ends.
class epoll_transport final : public transport {
public:
    /// See `make_socket_transport`.
    epoll_transport(asio::io_context& context, connected_socket socket);
    epoll_transport(const epoll_transport&) = delete;
    epoll_transport& operator=(const epoll_transport&) = delete;
    ~epoll_transport() override;

    result read_some(std::span<char> space) noexcept override;
    result write_some(std::span<const std::string_view> pieces) noexcept override;
    void wait_readable(std::shared_ptr<observer> who) override;
    void wait_writable(std::shared_ptr<observer> who) override;
    [[nodiscard]] bool others_ready() const noexcept override { return poller_.telling_more(); }
    [[nodiscard]] peer_state peer() const noexcept override { return peer_; }
    void shutdown_write() noexcept override;
    void close(bool reset) noexcept override;
    [[nodiscard]] std::size_t unacknowledged() noexcept override;
    [[nodiscard]] bool unanswered_for(std::chrono::milliseconds time) noexcept override;
    [[nodiscard]] bool is_near() noexcept override;
    [[nodiscard]] connection_ends ends() const override;
    [[nodiscard]] bool local() const noexcept override { return local_; }

    /// For the poller: who reads is told soon.
    void prefetch_reader() const noexcept { prefetch(reader_.get(), size_of_reader); }
    /// For the poller: tells of `events`. The observers may destroy this object.
    void on_events(std::uint32_t events);

private:
    static constexpr std::size_t size_of_reader = 160; ///< of a session
    static result outcome_of(ssize_t bytes, std::size_t wanted, bool exact, bool& ready) noexcept;

    poller& poller_;
    std::shared_ptr<observer> reader_; ///< who waits
    std::shared_ptr<observer> writer_;
    int socket_ = -1;
    bool readable_ = false;
    bool writable_ = true;           ///< until a write finds that it is not
    bool exact_ = false;             ///< a read that is not filled has taken all there is
    bool watches_write_ : 1 = false; ///< since it was blocked for the first time
    bool local_ : 1;
    peer_state peer_ : 2 = peer_state::there;
};

} // namespace rill::detail
