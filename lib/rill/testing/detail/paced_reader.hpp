#pragma once

#include <rill/base/clock.hpp>
#include <rill/base/detail/timer_wheel.hpp>
#include <rill/testing/detail/wire.hpp>
#include <rill/testing/server.hpp>

#include <cstddef>
#include <string>

namespace rill::testing::detail {

/// The client of a wire that reads at a pace of its own, and the two kernels between it and the server. What
/// is on the wire lies in the client's kernel as far as that has room, and else in the server's.
class paced_reader final : rill::detail::timer_wheel::timer {
public:
    /// `read` is what the client has read before, and not given yet.
    paced_reader(wire& from, const pace& speed, std::string read);

    /// What the client has read since the last call.
    [[nodiscard]] std::string take();

    [[nodiscard]] std::size_t unacknowledged() const noexcept;
    /// How many bytes the server's kernel takes now.
    [[nodiscard]] std::size_t room() const noexcept;
    /// Whether it tells those who wait that it takes more: not before there is room worth waking for.
    [[nodiscard]] bool writable() const noexcept;
    /// Whether the client has been dead for so long, with something to acknowledge.
    [[nodiscard]] bool unanswered_for(duration time) const noexcept;

private:
    [[nodiscard]] std::size_t left() const noexcept;
    void on_timer() noexcept override;

    wire& wire_;
    pace speed_;
    time_point since_;
    std::size_t owed_ = 0; ///< tenths of bytes
    std::string read_;
};

} // namespace rill::testing::detail
