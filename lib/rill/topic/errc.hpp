#pragma once

#include <rill/base/export.hpp>

#include <system_error>
#include <type_traits>

namespace rill {

/// Why a topic refuses. Nothing has happened then.
enum class topic_errc {
    /// The event is larger than `topic_options::keep_bytes`. Raise it, or publish less at a time.
    event_too_large = 1,
    /// An event in the log has this id already. A publisher's own ids must differ as long as the log reaches.
    id_repeats,
    /// The id is none that a client could send back (it is empty, longer than 256 bytes or has spaces
    /// at its ends; one with controls is refused as for any event, see `sse_errc`), or it has a comma, or
    /// looks like one that this topic gives itself.
    id_not_allowed,
    /// The key is not UTF-8 or longer than 256 bytes.
    key_not_allowed,
    /// The topic is closed.
    closed,
    /// The topic has `topic_options::max_subscribers` already.
    too_many_subscribers,
    /// The registry has `topics_options::max_topics` already that have events.
    too_many_topics,
    /// The name of a topic is empty, longer than 128 bytes, or not UTF-8.
    name_not_allowed,
    /// The name of the event is one of Rill's own: `checkpoint`, `gap` or `refused`. A client must be able to
    /// trust those. Take another name.
    name_reserved,
    /// The event's `retry` is shorter than `shortest_retry` or longer than `longest_retry`. One publisher
    /// must not send all readers away, nor make them all come back at once.
    retry_not_allowed,
    /// The name of the event is longer than 256 bytes.
    event_name_too_long,
};

/// The code of `e`, in the category `rill.topic`.
[[nodiscard]] RILL_EXPORT std::error_code make_error_code(topic_errc e) noexcept;

} // namespace rill

template <>
struct std::is_error_code_enum<rill::topic_errc> : std::true_type {};
