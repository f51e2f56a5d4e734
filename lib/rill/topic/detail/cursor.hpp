#pragma once

#include <rill/base/detail/batch.hpp>
#include <rill/base/detail/list.hpp>
#include <rill/topic/detail/gap.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace rill::detail {

class topic_core;
struct lot;

/// One reader's place in one log: what it has seen. It is in one list of a lot at most: see `lot`.
///
/// What is in it is guarded by the topic's mutex, but for `core` and `owner`, which never change.
struct cursor : list_hook<cursor> {
    /// What reads through it.
    class reader {
    public:
        /// There is something to take. Called on the reader's thread, without the mutex; the cursor is in no
        /// list then.
        virtual void on_news(batch& scratch) noexcept = 0;

    protected:
        ~reader() = default;
    };

    cursor(std::shared_ptr<topic_core> core_, reader& owner_) noexcept
        : core{std::move(core_)}, owner{owner_} {}
    cursor(const cursor&) = delete;
    cursor& operator=(const cursor&) = delete;
    ~cursor() = default; // an open one must leave first: see `topic_core::leave`

    const std::shared_ptr<topic_core> core;
    reader& owner;
    std::uint64_t sequence = 0;    ///< the last event seen, or passed over
    std::uint64_t conflate_to = 0; ///< of the events up to this one only the newest of each key is wanted
    std::uint64_t missed = 0;      ///< goes with `announce`
    std::uint64_t lost = 0;        ///< `history::lost` when it was told last what it misses
    gap announce = gap::none;      ///< what the reader has to be told first
    bool opening = true;           ///< it has not been told where it stands
    bool from_the_start = false;   ///< it gets all there is: what has left the log already is no gap
    bool fallen = false;           ///< it has lost its place for good
    bool cut = false;              ///< it holds too much that has left the log
    bool end_seen = false;         ///< the topic is closed, and the reader knows: it follows others still
    lot* home = nullptr;           ///< where it waits, once it has
};

using cursor_list = list<cursor>;

} // namespace rill::detail
