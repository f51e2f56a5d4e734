#pragma once

#include <rill/base/export.hpp>
#include <rill/coro/task.hpp>
#include <rill/sse/event.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace rill {

namespace detail {
class answer;
class signal;
} // namespace detail

/// The way of a handler's events to its client: encodes them, sends those that come together in one write,
/// and keeps a quiet stream alive with comments.
///
/// A handler of the form `task<void>(request&, sse_writer&)` is given one. It lives as long as the handler
/// runs, and belongs to its thread.
///
/// **Example**
///
///     rill::task<void> count(rill::request&, rill::sse_writer& writer) {
///         for (int n = 1; n <= 10; ++n) {
///             co_await writer.write({.data = std::to_string(n)});
///             co_await rill::sleep_for(1s);
///         }
///     }
class RILL_EXPORT sse_writer {
public:
    sse_writer(const sse_writer&) = delete;
    sse_writer& operator=(const sse_writer&) = delete;
    ~sse_writer();

    /// Encodes `e` at once, so that nothing it is made of need live longer, and sends it with all else that
    /// is written in this turn of the event loop. Completes at once while the client keeps up; if it is
    /// behind by half of `limits::write_buffer`, when it has caught up.
    ///
    /// Throws, from the call, `rill::error` with an `sse_errc` if `e` cannot be sent, and nothing is written
    /// then. Awaited, throws `std::system_error` with `operation_aborted` once the client has gone. One
    /// `write` at a time.
    [[nodiscard]] task<void> write(const event& e);
    template <typename Wrong = detail::misnamed_event>
    task<void> write(const detail::misnamed_event&) {
        detail::refuse_misnamed<Wrong>();
        return write(event{});
    }

    /// Sends the head of the answer, and what was written, now rather than at the end of this turn.
    void flush();

private:
    friend detail::answer;
    explicit sse_writer(detail::answer& answer);

    void add(const event& e);
    [[nodiscard]] task<void> caught_up();
    [[nodiscard]] bool full() const noexcept;
    [[nodiscard]] bool behind() const noexcept;
    void send();
    void on_drained();

    detail::answer& answer_;
    std::string batch_;                       ///< events not yet sent
    std::unique_ptr<detail::signal> drained_; ///< made when the client is first behind
    bool flush_posted_ = false;
};

} // namespace rill
