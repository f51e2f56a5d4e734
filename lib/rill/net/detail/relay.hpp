#pragma once

#include <rill/coro/detail/feed.hpp>
#include <rill/coro/elements.hpp>
#include <rill/net/detail/keep_alive.hpp>

#include <exception>
#include <string_view>

namespace rill::detail {

/// Passes a feed on to a client: one write for all that is due at each wake-up, nothing more before the
/// client has taken that, and a comment now and then while nothing is due.
class relay final : feed::consumer {
public:
    class owner {
    public:
        /// The feed has ended, or has thrown `failure`. It may destroy the relay.
        virtual void on_relayed(const std::exception_ptr& failure) = 0;

    protected:
        ~owner() = default;
    };

    /// The answer must have been started; all but `what` must outlive the relay.
    relay(keep_alive& to, elements what, owner& whom) noexcept
        : whom_{whom}, what_{std::move(what)}, keep_alive_{to} {}
    relay(const relay&) = delete;
    relay& operator=(const relay&) = delete;
    ~relay() = default;

    /// Sends `front`, which may be empty, and what is due; or else the empty comment if the stream only opens
    /// now: some proxies and clients wait for the first byte of the body. False if the feed has ended
    /// already. Throws what the feed throws.
    [[nodiscard]] bool begin(std::string_view front, bool opens);

    /// The client has taken what was written.
    void on_drained();

private:
    void on_news(feed::batch& scratch) override { send(scratch); }
    [[nodiscard]] feed::state take(feed::batch& due);
    void send(feed::batch& scratch);
    void wait();

    owner& whom_;
    elements what_;
    keep_alive& keep_alive_;
};

} // namespace rill::detail
