#pragma once

#include <rill/app/response.hpp>
#include <rill/base/export.hpp>
#include <rill/coro/elements.hpp>
#include <rill/coro/task.hpp>
#include <rill/sse/message.hpp>
#include <rill/topic/subscribe_options.hpp>

#include <memory>
#include <span>

namespace rill {

namespace detail {
class subscription_feed;
struct topic_access;
} // namespace detail

/// A reader of a topic, or of several: a place in each log. Destroying it, at any moment, is all it takes to
/// leave.
///
/// A handler that only passes events on returns it, or yields `elements_of` it: then the events go to the
/// client as they lie in the log, and a quiet client costs some hundred bytes. A handler that wants to look
/// at them awaits `next`.
///
/// It belongs to one thread at a time; what it is awaited in runs one thing at a time: an `io_context` with
/// one thread, as a handler has, or a strand.
///
/// **Example**
///
///     routes.get("/prices", [](rill::request& request) { return prices.subscribe(request); });
///
///     rill::event_stream loud(rill::request& request) {
///         auto news = room.subscribe(request);
///         while (const auto* message = co_await news.next())
///             co_yield {.id = message->last_event_id, .data = shout(message->data)};
///     }
class RILL_EXPORT subscription {
public:
    subscription(subscription&&) noexcept;
    subscription& operator=(subscription&&) noexcept;
    ~subscription();

    /// The next event; null at the end: the topic was closed, or this reader fell off its log
    /// (`lag_policy::disconnect`). It is valid until the next call. A `gap` comes as a message of that type.
    ///
    /// Throws what a filter does, and `std::system_error` with `operation_aborted` if the handler is
    /// cancelled. One call at a time.
    [[nodiscard]] task<const message*> next();

    /// All that is due, at least one, to be worked on together; empty at the end. Otherwise as `next`.
    [[nodiscard]] task<std::span<const message>> next_batch();

    /// Whether its reader came with an id, has all there is, and will get nothing more since all its topics
    /// are closed. Throws what a filter does.
    [[nodiscard]] bool at_end();

    /// A route's result: a stream of its events, or 204 `at_end`: a browser would come back for ever after
    /// each end of a stream, and stays away after a 204.
    operator response() &&; // NOLINT(google-explicit-constructor)

private:
    friend elements elements_of(subscription from);
    friend struct detail::topic_access;
    explicit subscription(std::unique_ptr<detail::subscription_feed> feed) noexcept;

    std::unique_ptr<detail::subscription_feed> feed_;
};

/// What `from` gives, for `co_yield`: see `elements`.
[[nodiscard]] RILL_EXPORT elements elements_of(subscription from);

} // namespace rill
