#pragma once

#include <rill/app/response.hpp>
#include <rill/base/export.hpp>
#include <rill/coro/elements.hpp>
#include <rill/coro/task.hpp>
#include <rill/sse/event.hpp>
#include <rill/sse/message.hpp>

#include <bit>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace rill {

namespace detail {
class subscription_feed;
struct topic_access;
} // namespace detail

/// An event as a filter sees it. All its views are valid during the call only.
struct published_event {
    rill::event event;                 ///< with the id that it got
    std::optional<std::uint64_t> from; ///< as in `publish_options`
    std::string_view key;              ///< as in `publish_options`
};

/// Which events a subscriber gets: those for which it returns true. It runs on the subscriber's thread, for
/// each event, without any lock held. What it throws ends the stream as if its handler had thrown it.
using event_filter = std::function<bool(const published_event&)>;

/// A function object that somebody else owns, for the length of a call; the subscription keeps a copy of it.
///
/// GCC 12 destroys a lambda that owns something twice if it is written into an expression with a `co_await`
/// or `co_yield`: give it a name first.
class borrowed_filter {
public:
    borrowed_filter() = default;

    template <typename F>
        requires(!std::same_as<F, borrowed_filter> && std::copy_constructible<F> &&
                 std::is_invocable_r_v<bool, F&, const published_event&>)
    borrowed_filter(const F& filter) // NOLINT(google-explicit-constructor)
        : filter_{&filter}, copy_{[](const void* f) { return event_filter{*static_cast<const F*>(f)}; }} {}

    borrowed_filter(bool (*filter)(const published_event&)) // NOLINT(google-explicit-constructor)
        : filter_{std::bit_cast<const void*>(filter)}, copy_{[](const void* f) {
              return event_filter{std::bit_cast<bool (*)(const published_event&)>(f)};
          }} {}

    /// A copy of the function object, or none.
    [[nodiscard]] event_filter copy() const { return filter_ != nullptr ? copy_(filter_) : event_filter{}; }

private:
    const void* filter_ = nullptr;
    event_filter (*copy_)(const void*) = nullptr;
};

/// Where a reader begins that has seen nothing yet.
enum class start : std::uint8_t {
    new_only, ///< with the next event that is published
    earliest, ///< with the oldest in the log; with `lag_policy::latest`, with the newest event of each key
};

/// What a subscriber wants.
struct subscribe_options {
    /// Not the events of this publisher: see `publish_options::from`.
    std::optional<std::uint64_t> except_from{};
    /// Only the events for which this is true. It must own what it looks at: a subscription that a handler
    /// returns lives on when its `request` is gone.
    borrowed_filter filter{};
    /// Where to begin, for a reader without an id.
    rill::start start = rill::start::new_only;
};
static_assert(std::is_trivially_destructible_v<subscribe_options>);

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
