#pragma once

#include <rill/base/export.hpp>
#include <rill/topic/topic.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace rill {

/// What the topics of a registry are like, and what they may have together.
struct topics_options {
    topic_options each{};
    /// Topics that have events at a time. Those without count for nothing: to be asked for a name costs
    /// little.
    std::size_t max_topics = 10'000;
    /// Memory of all topics together, in bytes: of the logs, and of what has left them while it is still
    /// being sent. Beyond it events are dropped from the topic that takes most, the oldest first, until an
    /// eighth is free; if a quarter is on its way to slow subscribers, the slowest are cut. Clients are told
    /// of the gaps as always. An event that would take more than three quarters cannot be published.
    std::size_t max_bytes = std::size_t{256} << 20;
};
static_assert(std::is_trivially_destructible_v<topics_options>);

/// Topics by name, made when they are first asked for.
///
/// A topic that has no subscriber, no event left, that nobody holds and that was not used for
/// `topic_options::keep_age` is dropped; so is one that was unused for long when a name is new and there are
/// `max_topics` names. Till then clients that come back find it as it was. A topic that is made anew has an
/// epoch of its own, so that clients of the old one are told.
///
/// To publish the first event of a topic throws `topic_errc::too_many_topics` if `max_topics` others have
/// some.
///
/// Names are UTF-8, 1 to 128 bytes. All functions may be called from any thread.
///
/// **Example**
///
///     rill::topics rooms{{.each = {.keep_events = 100}, .max_topics = 1'000}};
///
///     rill::subscription join(rill::request& request) {
///         return rooms.open(request.param("room"))->subscribe(request);
///     }
class RILL_EXPORT topics {
public:
    /// One line of `list`. It has a constructor on purpose: see `event` about GCC 12.
    struct entry {
        entry(std::string name_, const topic_statistics& statistics_)
            : name{std::move(name_)}, statistics{statistics_} {}
        std::string name;
        topic_statistics statistics;
    };

    /// Throws `std::invalid_argument` as `topic` does, and if there can be no topic or no memory at all.
    explicit topics(const topics_options& options = {});
    topics(const topics&) = delete;
    topics& operator=(const topics&) = delete;
    /// Closes them all, but for those that are held elsewhere.
    ~topics();

    /// The topic of that name; it is not dropped as long as the pointer is held. Throws `topic_error` with
    /// `topic_errc::name_not_allowed`.
    [[nodiscard]] std::shared_ptr<topic> open(std::string_view name);

    /// The same, if there is one; else null.
    [[nodiscard]] std::shared_ptr<topic> find(std::string_view name) const;

    /// A reader of all these topics: see `rill::subscribe`. Throws what that and `open` do.
    ///
    /// **Example**
    ///
    ///     return rooms.subscribe(std::array{"news"sv, "weather"sv}, request);
    [[nodiscard]] subscription subscribe(std::span<const std::string_view> names, const request& request,
                                         const subscribe_options& options = {});

    /// All there are now, by name.
    [[nodiscard]] std::vector<entry> list() const;

    /// All of them together, those that were dropped included.
    [[nodiscard]] topic_statistics statistics() const;

private:
    class impl;
    std::shared_ptr<impl> impl_; ///< topics that are held elsewhere have a share of it
};

} // namespace rill
