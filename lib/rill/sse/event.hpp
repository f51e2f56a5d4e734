#pragma once

#include <rill/base/config.hpp>

#include <chrono>
#include <optional>
#include <string_view>
#include <type_traits>

namespace rill {

namespace detail {

/// What a member of an event is that was left out. A constant, since GCC 12 makes a temporary of each `{}` in
/// a coroutine's frame and copies it: 25 ns for each `co_yield`.
template <typename Member>
consteval Member none() {
    return {};
}

} // namespace detail

/// One event on its way to clients: views of texts that somebody else owns. (WHATWG HTML §9.2.5)
///
/// An event is what one writes in braces and hands on at once, so it must not be stored: what it points to
/// has to live only until the expression that it stands in is over. The keepers are `frame` for who sends
/// and `message` for who receives.
///
/// For `id`, `data` and `comment`, a view that points nowhere (`std::string_view{}`, the default) means that
/// the event has no such field, and an empty text (`""`, an empty `std::string`) means an empty field: the
/// two differ on the wire. So beware of functions that return `std::string_view{}` for "empty".
///
/// An event with neither data nor name is a checkpoint: it gives clients its id and its retry time, and goes
/// out with the name `checkpoint` and the data `{}`, because Firefox and many other clients forget the id of
/// an event without data. `onmessage` of a browser does not see it; a listener for `checkpoint` does. A
/// comment alone is no event at all.
///
/// The names `checkpoint`, `gap` and `refused` are those of Rill's own events. A handler may use them for
/// events of the same meaning; `topic::publish` refuses them.
///
/// **Example**
///
///     co_yield {.data = std::to_string(n)};
///     co_yield {.id = "7", .name = "price", .data = "12.50"};
///     co_yield {.data = ""};                // an event whose data is empty
///     co_yield {.name = "done"};            // the same, of type "done"
///     co_yield {.comment = "still here"};   // keeps the connection alive, no client shows it
///     co_yield {.id = "8"};                 // a checkpoint: a client that comes back asks from 8 on
///     co_yield {.id = "", .data = "bye"};   // the client forgets its last id
///     co_yield {.retry = 10s};              // lost connections are opened again after ten seconds
struct event {
    /// What a client sends as `Last-Event-ID` when it comes back. UTF-8 without controls (0x00 to 0x1F,
    /// 0x7F). An empty text makes the client forget the last id; no id leaves it as it was.
    ///
    /// Best is visible ASCII. Blanks at the ends are lost on the way back, as around any header field. An id
    /// with characters beyond ASCII comes back from browsers; but clients whose header fields are Latin-1 or
    /// ASCII (those on `fetch`, among them) fail when they are to send it, and come back no more.
    std::string_view id = detail::none<std::string_view>();

    /// The type that clients listen for; empty or none: "message". UTF-8 without CR and LF. An event that has
    /// a name always has data, empty if need be, because clients drop one without.
    std::string_view name = detail::none<std::string_view>();

    /// Any UTF-8 text. Its lines may end with LF, CR or CRLF; the format cannot tell them apart, and the
    /// client gets LF for each.
    std::string_view data = detail::none<std::string_view>();

    /// A line that clients skip. UTF-8 without CR and LF.
    std::string_view comment = detail::none<std::string_view>();

    /// How long clients wait before they open a lost connection again, zero or more.
    std::optional<std::chrono::milliseconds> retry = detail::none<std::optional<std::chrono::milliseconds>>();
};

// GCC 12 destroys an aggregate temporary twice when the expression around it suspends, as in
// `co_yield {.data = text}`. With nothing to destroy, that is harmless.
static_assert(std::is_trivially_destructible_v<event> && std::is_aggregate_v<event>);

namespace detail {

/// What `{.event = "alarm"}` makes. What takes an `event` has an overload for this one, a template so that it
/// comes second wherever both would do, and `refuse_misnamed` in it says what is wrong.
struct misnamed_event {
    std::string_view id = {}, event = {}, type = {}, data = {}, comment = {};
    std::optional<std::chrono::milliseconds> retry = {};
};

template <typename Wrong>
constexpr void refuse_misnamed() {
    static_assert(sizeof(Wrong*) == 0, "a Rill event has its type in .name: not in .event, nor in .type");
}

} // namespace detail

} // namespace rill
