#pragma once

#include <rill/base/export.hpp>
#include <rill/sse/event.hpp>
#include <rill/topic/statistics.hpp>
#include <rill/topic/subscription.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace rill {

class request;

namespace detail {
class topic_core;
struct topic_access;
} // namespace detail

/// What becomes of a subscriber that is so slow that the events it has yet to get leave the log.
enum class lag_policy : std::uint8_t {
    disconnect, ///< its stream ends; the client comes back with its id, and is told of the gap then
    skip,       ///< it is told of the gap, and goes on with the oldest event that is left
    latest,     ///< it is told of the gap, and gets the newest event of each key, then goes on
};

/// How much a topic keeps, and for whom.
///
/// The bounds are for what is kept to be replayed. Beyond count and age, events stay until those readers who
/// wait for them have had their turn: a burst pushes nobody off the log that keeps up. `keep_bytes` always
/// holds.
///
/// What has left the log takes memory still while it is on its way to slow subscribers. That may be as much
/// as `keep_bytes` again, or 1 MiB if that is more: beyond, those who have been slow for longest are cut.
struct topic_options {
    /// So many events, at least one.
    std::size_t keep_events = 1'000;
    /// So many bytes of encoded events. An event that is larger cannot be published.
    std::size_t keep_bytes = std::size_t{4} << 20;
    /// For so long.
    std::chrono::milliseconds keep_age = std::chrono::milliseconds::max();
    /// What becomes of a subscriber that falls off the log. With `latest`, the newest event of each key is
    /// kept whatever the bounds above say: there are to be as many keys as there is memory for.
    lag_policy policy = lag_policy::disconnect;
    /// Subscribers at a time; the next one is refused.
    std::size_t max_subscribers = 100'000;
};
static_assert(std::is_trivially_destructible_v<topic_options>);

/// What a publisher says beside the event.
struct publish_options {
    /// Who publishes, for subscribers that do not want their own events back.
    std::optional<std::uint64_t> from{};
    /// What the event is the newest value of, for `lag_policy::latest`; UTF-8, empty for nothing.
    std::string_view key{};
};
static_assert(std::is_trivially_destructible_v<publish_options>);

/// The bounds of `event::retry` for events that are published.
inline constexpr std::chrono::milliseconds shortest_retry{100};
inline constexpr std::chrono::milliseconds longest_retry = std::chrono::minutes{10};

/// One log of events, many readers: broadcast with replay.
///
/// Events are encoded once, and kept as long as the bounds say. A subscriber is a place in the log: what it
/// missed and what is new reach it by the same walk, so nothing is lost in between and nothing comes twice. A
/// subscriber that is slow costs no queue, only its place.
///
/// Each event gets an id, `<epoch>-<sequence>`: the epoch is the topic's own, so that an id from before a
/// restart is known for what it is. A publisher may give its events ids of its own instead. A client that
/// comes back with an id goes on behind it. If that cannot be, because the id is not known here or what
/// followed it has left the log, then the first it gets is an event of type `gap`, whose data is JSON:
///
///     {"reason":"trimmed","missed":12}
///
/// | reason | the client |
/// |---|---|
/// | `unknown_epoch` | comes with an id from another life of the topic; gets all there is |
/// | `unknown_id` | comes with an id that no event in the log has, where publishers give ids; gets all |
/// | `malformed_id` | comes with what is no id at all; gets all there is |
/// | `trimmed` | was away for too long: `missed` events have left the log; gets all there is |
/// | `lagged` | was too slow: so many events were skipped (`lag_policy::skip`) |
/// | `superseded` | missed so many events; the newest of each key follow (`lag_policy::latest`) |
///
/// A stream begins with the place where it stands, in all its topics, as one checkpoint (see `event`): a
/// client that is cut off before the first event loses nothing either.
///
/// All functions may be called from any thread, and from handlers and filters; none waits for a subscriber. A
/// topic may go before its subscriptions do: that closes it.
///
/// **Example**
///
///     rill::topic room{{.keep_events = 100}};
///
///     rill::event_stream join(rill::request& request) {
///         const auto me = next_user++;
///         co_yield {.name = "user", .data = std::to_string(me)};
///         co_yield rill::elements_of(room.subscribe(request, {.except_from = me}));
///     }
///
///     rill::task<rill::response> say(rill::request& request) {
///         const auto text = co_await request.text();
///         room.publish({.data = text}, {.from = request.param<std::uint64_t>("id")});
///         co_return rill::status::no_content;
///     }
class RILL_EXPORT topic {
public:
    /// Throws `std::invalid_argument` if an option is zero that must not be.
    explicit topic(const topic_options& options = {});
    topic(const topic&) = delete;
    topic& operator=(const topic&) = delete;
    /// As `close`.
    ~topic();

    /// Appends `e` to the log, wakes who waits for it, and gives its id. Throws `topic_error`, and publishes
    /// nothing, if `e` cannot be encoded, is larger than `keep_bytes`, has an id that this topic cannot take,
    /// one of Rill's own names (`checkpoint`, `gap`, `refused`) or a `retry` that is out of bounds, if the
    /// topic is closed, or if it would be one too many of its registry that have events.
    std::string publish(const event& e, const publish_options& options = {});
    template <typename Wrong = detail::misnamed_event>
    std::string publish(const detail::misnamed_event&, const publish_options& = {}) {
        detail::refuse_misnamed<Wrong>();
        return {};
    }

    /// A reader that goes on behind the last event that the client of `request` saw, or with the next one
    /// published if it comes for the first time (see `subscribe_options::start`).
    ///
    /// Throws `topic_error` if there are too many subscribers, and what `request::last_event_id` does.
    [[nodiscard]] subscription subscribe(const request& request, const subscribe_options& options = {});

    /// The same for a reader that has seen the event with the id `last_event_id`; empty: none yet. Throws
    /// `topic_error` with `topic_errc::too_many_subscribers`.
    [[nodiscard]] subscription subscribe(std::string_view last_event_id = {},
                                         const subscribe_options& options = {});

    /// Says that nothing more will be published: readers get what is there, and then the end. To subscribe is
    /// still possible; a client that comes back with all of it is answered 204, see `subscription`.
    void close() noexcept;

    [[nodiscard]] topic_statistics statistics() const;

private:
    friend detail::topic_access;
    explicit topic(std::shared_ptr<detail::topic_core> core) noexcept;

    std::shared_ptr<detail::topic_core> core_;
};

/// So many topics a reader may follow.
inline constexpr std::size_t most_topics_followed = 8;

/// One reader that follows several topics. The events come in order for each topic. The id of each event
/// holds the places in all topics, as they were given, with commas between them, so that the reader can be
/// resumed with any of the topics; for up to four topics it has less than 128 bytes. Of ids that publishers
/// gave nothing is seen, unless it is one topic only. A gap is told for each topic that has one. To a topic
/// of which a known id says nothing the reader is new: so a client may ask for one topic more when it comes
/// back.
///
/// Throws what `topic::subscribe` does, and `std::invalid_argument` if there are no topics, more than
/// `most_topics_followed`, or one twice.
///
/// **Example**
///
///     rill::subscription both(rill::request& request) {
///         return rill::subscribe(std::array{&news, &weather}, request);
///     }
[[nodiscard]] RILL_EXPORT subscription subscribe(std::span<topic* const> topics, const request& request,
                                                 const subscribe_options& options = {});
[[nodiscard]] RILL_EXPORT subscription subscribe(std::span<topic* const> topics,
                                                 std::string_view last_event_id = {},
                                                 const subscribe_options& options = {});

} // namespace rill
