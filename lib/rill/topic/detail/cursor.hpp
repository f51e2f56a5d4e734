#pragma once

#include <rill/base/detail/prefetch.hpp>
#include <rill/coro/detail/feed.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace rill::detail {

class topic_core;
struct lot;

/// Why a reader is told of a gap.
enum class gap : std::uint8_t { none, unknown_epoch, unknown_id, malformed_id, trimmed, lagged, superseded };

/// One reader's place in one log: what it has seen. It is in one list of a lot at most: see `lot`.
///
/// What is in it is guarded by the topic's mutex, but for `core` and `owner`, which never change.
struct cursor {
    /// Who reads by it.
    class reader {
    public:
        /// There is something to take. Called on the reader's thread, without the mutex; the cursor is in no
        /// list then.
        virtual void on_news(feed::batch& scratch) noexcept = 0;

    protected:
        ~reader() = default;
    };

    cursor(std::shared_ptr<topic_core> core_, reader& owner_) noexcept
        : core{std::move(core_)}, owner{owner_} {}
    cursor(const cursor&) = delete;
    cursor& operator=(const cursor&) = delete;
    ~cursor() = default; // whoever has opened it must have it closed: see `topic_core`

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

    lot* home = nullptr;             ///< where it waits, once it has
    class cursor_list* in = nullptr; ///< which of its lists, while it waits
    cursor* previous = nullptr;
    cursor* next = nullptr;
};

/// A queue of cursors that do not move.
class cursor_list {
public:
    cursor_list() = default;
    cursor_list(const cursor_list&) = delete;
    cursor_list& operator=(const cursor_list&) = delete;

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
    [[nodiscard]] cursor* front() const noexcept { return first_; }

    void push_back(cursor& c) noexcept {
        c.in = this;
        c.previous = last_;
        c.next = nullptr;
        (last_ ? last_->next : first_) = &c;
        last_ = &c;
    }
    void remove(cursor& c) noexcept {
        (c.previous ? c.previous->next : first_) = c.next;
        (c.next ? c.next->previous : last_) = c.previous;
        c.in = nullptr;
    }
    [[nodiscard]] cursor& pop_front() noexcept {
        auto& c = *first_;
        remove(c);
        return c;
    }
    /// Has the memory of those in front come closer, while somebody else is served.
    void prefetch() const noexcept {
        if (!first_) return;
        detail::prefetch(&first_->owner);
        detail::prefetch(first_->next);
    }

private:
    cursor* first_ = nullptr;
    cursor* last_ = nullptr;
};

} // namespace rill::detail
