#pragma once

#include <rill/coro/detail/feed.hpp>
#include <rill/coro/detail/posting.hpp>
#include <rill/topic/detail/cursor.hpp>
#include <rill/topic/detail/history.hpp>
#include <rill/topic/detail/position.hpp>
#include <rill/topic/detail/topic_budget.hpp>
#include <rill/topic/statistics.hpp>
#include <rill/topic/topic.hpp>

#include <asio/any_io_executor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
/// Who has more to take than one write holds comes again when all others have had their turn: a reader that
/// replays half of the log does not keep those waiting who want one event.
struct lot : std::enable_shared_from_this<lot> {
    explicit lot(asio::any_io_executor executor_) noexcept : executor{std::move(executor_)} {}

    const asio::any_io_executor executor;
    std::array<cursor_list, 2> turn;
    cursor_list* waiting = &turn[0]; ///< who has seen all there was when it came
    cursor_list* due = &turn[1];     ///< who may have something to take
    cursor_list paused;              ///< who cannot take anything now
    std::uint64_t paused_from = 0;   ///< the first event that any of those has yet to get
    cursor_list again;               ///< who has more to take
    std::size_t readers = 0;
    std::uint64_t moved_at = 0; ///< the log's end when `waiting` became `due` last
    std::uint64_t needed = 0;   ///< from this event on, those in `due` who were waiting have not been served
    posting<2 * sizeof(std::shared_ptr<void>)> posted; ///< the walk
    bool closing_seen = false;
    bool scheduled = false;   ///< a walk is under way or posted
    std::uint8_t wait = 0;    ///< so many turns of the event loop before it
    bool some_fell = false;   ///< the log has gone on without one of the paused, or some are to be cut
    std::uint64_t cut_to = 0; ///< of the paused, those who have seen no more than this event are to be cut
};

/// What a topic is: the log, who reads it, and the mutex around both.
///
/// The mutex is held for pointers and copies of bytes only: nothing that belongs to a user runs under it, and
/// nothing waits.
class topic_core : public std::enable_shared_from_this<topic_core> {
public:
    /// `budget` is what it has together with others, if it has.
    explicit topic_core(const topic_options& options, std::shared_ptr<topic_budget> budget = {});
    topic_core(const topic_core&) = delete;
    topic_core& operator=(const topic_core&) = delete;
    ~topic_core();

    [[nodiscard]] std::uint64_t epoch() const noexcept { return log_.epoch(); }

    std::string publish(const event& e, const publish_options& options);
    void close();
    [[nodiscard]] topic_statistics statistics();

    // What a subscription does with its cursors.

    /// Where a reader begins that comes with `last_event_id`, which may hold places in other topics, too.
    /// Throws `topic_errc::too_many_subscribers`.
    void open(cursor& c, std::string_view last_event_id, start where);
    void leave(cursor& c) noexcept;

    enum class taken : std::uint8_t {
        some,
        none,
        closed, ///< nothing, and there never will be
        fallen, ///< its place has left the log, and the policy says that this is the end
    };

    /// All that `c` lacks, up to about so many bytes, as it lies in the log.
    [[nodiscard]] taken take(cursor& c, std::size_t bytes, std::optional<std::uint64_t> except_from,
                             feed::batch& into);

    /// An event out of the log.
    struct item {
        std::uint64_t sequence;
        std::size_t owner; ///< in `excerpt::owners`
        std::string_view bytes;
        std::size_t id_at, id_size; ///< as in `history::entry`
        std::optional<std::uint64_t> from;
        std::string key;
    };
    /// A part of the log, which stays as it is for as long as this does.
    struct excerpt {
        std::vector<block> owners; ///< of the bytes
        std::vector<item> items;
        std::uint64_t begin = 0; ///< the place before them
        std::uint64_t missed = 0;
        gap announce = gap::none; ///< what comes first
        bool opening = false;     ///< or, if there is no gap, the place
    };
    /// All that `c` lacks, up to about so many bytes, to be looked at event by event.
    [[nodiscard]] taken look(cursor& c, std::size_t bytes, std::optional<std::uint64_t> except_from,
                             excerpt& into);
    /// Whether nothing more will come, and the reader has not lost anything either.
    [[nodiscard]] bool is_over_for(const cursor& c);
    /// Whether `take` and `look` would give `fallen`.
    [[nodiscard]] bool has_fallen(cursor& c);
    /// So many events of an excerpt were given to the reader.
    void delivered(std::size_t events);

    /// The reader has not got what followed the event `sequence`, and wants it again.
    void rewind(cursor& c, std::uint64_t sequence);

    // See `feed`.
    void wait(cursor& c, const asio::any_io_executor& executor);
    void pause(cursor& c, const asio::any_io_executor& executor);
    void stop_waiting(cursor& c) noexcept;
    /// The same, and it may be that the executor is of no more use.
    void leave_lot(cursor& c) noexcept;

    /// What it takes of the budget.
    struct load {
        std::size_t memory;
        std::size_t pinned;
        time_point oldest; ///< when its oldest event was published
    };
    [[nodiscard]] load weigh();
    /// Drops events until so many bytes are free, the oldest first, and says how many are.
    std::size_t shrink(std::size_t bytes);
    /// Cuts those who have been holding for longest what has left the log.
    void cut_slowest();

    /// Whether nobody reads it and nothing is in it, and since when.
    [[nodiscard]] std::optional<time_point> unused_since();
    /// It is of use right now.
    void touch();

private:
    template <typename Visit>
    void for_each_due(cursor& c, std::optional<std::uint64_t> except_from, Visit visit);
    [[nodiscard]] bool has_news(const cursor& c) const noexcept;
    [[nodiscard]] bool is_lost(const cursor& c) const noexcept;
    [[nodiscard]] bool ends(cursor& c) noexcept;
    [[nodiscard]] bool falls_off(cursor& c);
    void fall_to_newest(cursor& c, bool on_purpose);
    void collect(cursor& c, std::size_t bytes, std::optional<std::uint64_t> except_from, feed::batch& into);
    void collect_newest(cursor& c, std::size_t bytes, std::optional<std::uint64_t> except_from,
                        feed::batch& into);
    void count_announcement(const cursor& c) noexcept;

    void enter_budget(std::unique_lock<std::mutex>& lock);
    void settle_budget() noexcept;
    [[nodiscard]] std::uint64_t lost_since(const cursor& c) const noexcept;
    [[nodiscard]] bool may_be_cut(const cursor& c) const noexcept;
    void choose_slowest();

    void trim();
    void tell_paused();
    void wake(lot& where);
    void schedule(lot& where, std::uint64_t needed, std::uint8_t after = 1);
    void post_walk(lot& where);
    void walk(lot& where);
    void refill(lot& where) noexcept;
    [[nodiscard]] bool has_news(const lot& where) const noexcept;
    void move_fallen(lot& where) noexcept;
    lot& settle(cursor& c, const asio::any_io_executor& executor);
    [[nodiscard]] lot& lot_for(const asio::any_io_executor& executor);
    void forget(cursor& c) noexcept;

    const topic_options options_;
    const std::shared_ptr<topic_budget> budget_;
    bool entered_ = false;           ///< it counts as one that has events
    std::size_t known_overhead_ = 0; ///< to the budget
    std::mutex mutex_;
    history log_;
    std::vector<std::shared_ptr<lot>> lots_;
    std::size_t subscribers_ = 0;
    std::size_t cutting_ = 0; ///< of them, those that are cut and have not been told
    topic_statistics totals_; ///< what only grows
    time_point last_used_ = clock::now();
    bool closed_ = false;
};

} // namespace rill::detail
