#pragma once

#include <rill/base/clock.hpp>
#include <rill/base/detail/timer_wheel.hpp>
#include <rill/net/detail/places.hpp>

#include <cstdint>
#include <optional>

namespace rill::detail {

class h1_session;

/// What bounds a connection, and the stream that is open on it. Most connections have no such bound, and none
/// of these objects.
class session_bounds final : timer_wheel::timer {
public:
    /// `owner` has it, and is told when the stream is too old.
    explicit session_bounds(h1_session& owner) noexcept : owner_{owner} {}
    session_bounds(const session_bounds&) = delete;
    session_bounds& operator=(const session_bounds&) = delete;
    ~session_bounds() = default;

    std::optional<places::place> of_connection; ///< among the connections of its client's address
    std::uint32_t requests = 0;                 ///< that have come
    const char* turned_away = nullptr;          ///< the reason, if each request is answered 503

    /// A stream has begun. It has `place` among those of its client's address, if these are bounded, and
    /// `age` to end, if that is not 0.
    void begin_stream(std::optional<places::place> place, duration age);
    void end_stream() noexcept;
    /// Of the stream that is open: no other one of this connection has the same.
    [[nodiscard]] std::uint32_t stream() const noexcept { return stream_; }

private:
    void on_timer() noexcept override;
    void end_after(duration time);

    h1_session& owner_;
    std::optional<places::place> of_stream_;
    std::uint32_t stream_ = 0;
};

} // namespace rill::detail
