#pragma once

#include <rill/base/export.hpp>
#include <rill/sse/event.hpp>
#include <rill/topic/options.hpp>
#include <rill/topic/publish_options.hpp>
#include <rill/topic/statistics.hpp>
#include <rill/topic/subscription.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace rill {

class request;

namespace detail {
class topic_core;
struct topic_access;
} // namespace detail

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

    /// Appends `e` to the log, wakes the readers that wait, and returns its id. Throws `topic_error`, and
    /// publishes nothing, if `e` cannot be encoded, is larger than `keep_bytes`, has an id that this topic
    /// cannot take, one of Rill's own names (`checkpoint`, `gap`, `refused`) or a `retry` that is out of
    /// bounds, if the topic is closed, or if it would be one too many of its registry that have events.
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
