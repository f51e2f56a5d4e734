#pragma once

#include <rill/sse/event.hpp>

#include <bit>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>

namespace rill {

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

} // namespace rill
