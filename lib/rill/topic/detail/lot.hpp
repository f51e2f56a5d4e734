#pragma once

#include <rill/coro/detail/posting.hpp>
#include <rill/topic/detail/cursor.hpp>

#include <asio/any_io_executor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace rill::detail {

/// The readers of a topic that are told of news by one event loop (or strand).
///
/// A publisher wakes a lot once, however much it publishes until the lot has had its turn: then a walk goes
/// over the readers, a slice per turn of the event loop, and each takes all that it lacks.
///
///     waiting ──(news: all of them)──▶ due ──(the walk)──▶ the reader takes, writes, waits again ──┐
///        ▲                              ▲                                                          │
///        ├──────────────────────────────│────────(nothing is due)──────────────────────────────────┤
///                                       └──(once `due` is empty)── again ◀──(something is)──────────┘
///
/// A reader that has more to take than one write holds comes again when all others have had their turn: one
/// that replays half of the log does not hold up those that want one event.
struct lot : std::enable_shared_from_this<lot> {
    explicit lot(asio::any_io_executor executor_) noexcept : executor{std::move(executor_)} {}

    const asio::any_io_executor executor;
    std::array<cursor_list, 2> turn;
    cursor_list* waiting = &turn[0]; ///< readers that had seen everything when they came
    cursor_list* due = &turn[1];     ///< readers that may have something to take
    cursor_list paused;              ///< readers that cannot take anything now
    std::uint64_t paused_from = 0;   ///< the first event that any of those has yet to get
    cursor_list again;               ///< readers that have more to take
    std::size_t readers = 0;
    std::uint64_t moved_at = 0; ///< the log's end when `waiting` became `due` last
    std::uint64_t needed = 0;   ///< the first event that those moved to `due` have yet to get
    posting<2 * sizeof(std::shared_ptr<void>)> posted; ///< the walk
    bool closing_seen = false;
    bool scheduled = false;   ///< a walk is under way or posted
    std::uint8_t wait = 0;    ///< turns of the event loop before it
    bool some_fell = false;   ///< the log has gone on without one of the paused, or some are to be cut
    std::uint64_t cut_to = 0; ///< the paused readers that have seen nothing after this event are to be cut
};

} // namespace rill::detail
