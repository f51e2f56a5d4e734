#pragma once

#include <rill/base/clock.hpp>
#include <rill/base/timer_wheel.hpp>
#include <rill/net/detail/places.hpp>

#include <optional>
#include <utility>

namespace rill::detail {

class h1_session;

/// What limits a stream of a connection while it is open: its place among those of its client's address, and
/// its age.
class stream_bounds final : timer_wheel::timer {
public:
    /// `owner` has it, and is told when the stream is too old.
    stream_bounds(h1_session& owner, std::optional<places::place> of_address) noexcept
        : owner_{owner}, place_{std::move(of_address)} {}
    stream_bounds(const stream_bounds&) = delete;
    stream_bounds& operator=(const stream_bounds&) = delete;
    ~stream_bounds() = default;

    /// Ends the stream after this time.
    void end_after(duration time);

private:
    void on_timer() noexcept override;

    h1_session& owner_;
    std::optional<places::place> place_;
};

} // namespace rill::detail
