#pragma once

#include <rill/app/detail/exchange.hpp>
#include <rill/app/detail/route.hpp>
#include <rill/base/detail/timer_wheel.hpp>
#include <rill/net/detail/shard.hpp>
#include <rill/net/detail/silence.hpp>

namespace rill::detail {

/// Sends the route's comment on a stream that was silent for too long, and finds out now and then whether
/// the client still lives. The exchange, the shard and the route must outlive it.
class keep_alive final : timer_wheel::timer {
public:
    keep_alive(exchange& to, shard& home, const route& matched) noexcept
        : to_{to}, home_{home}, route_{matched} {}

    /// Something was written just now.
    void wrote();
    /// Nothing is to be written until `wrote` is called again.
    void rest() noexcept { disarm(); }

    [[nodiscard]] shard& home() const noexcept { return home_; }
    [[nodiscard]] exchange& to() const noexcept { return to_; }

private:
    void on_timer() noexcept override;
    void arm();
    void look();

    exchange& to_;
    shard& home_;
    const route& route_;
    silence silence_;
};

} // namespace rill::detail
