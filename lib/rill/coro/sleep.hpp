#pragma once

#include <rill/base/clock.hpp>
#include <rill/base/export.hpp>
#include <rill/coro/task.hpp>

#include <utility>

namespace rill {

/// What `sleep_for` gives: a task that knows how long it waits, so that whoever runs an `event_stream` may
/// time it without running it. Anywhere else it is a task as any other.
class sleep_task : public task<void> {
public:
    sleep_task(task<void> wait, duration time) noexcept : task<void>{std::move(wait)}, time_{time} {}
    /// As `sleep_for` was told; zero or less is no wait.
    [[nodiscard]] duration time() const noexcept { return time_; }

private:
    duration time_;
};

/// Completes when `time` has passed, rounded up to a millisecond; one of zero or less lets others run first.
///
/// Works in any coroutine of Asio. In a handler it follows the server's clock, which a test moves as it likes
/// (`rill::testing::server`). When the awaiting coroutine is cancelled, it throws `std::system_error` with
/// `asio::error::operation_aborted` at once; in an `event_stream` the handler is destroyed instead.
///
/// **Example**
///
///     for (;;) {
///         co_await rill::sleep_for(1s);
///         co_yield {.data = "tick"};
///     }
[[nodiscard]] RILL_EXPORT sleep_task sleep_for(duration time);

} // namespace rill
