#pragma once

#include <rill/base/detail/batch.hpp>
#include <rill/topic/detail/cursor.hpp>
#include <rill/topic/detail/history.hpp>
#include <rill/topic/detail/lot.hpp>
#include <rill/topic/detail/position.hpp>
#include <rill/topic/detail/topic_budget.hpp>
#include <rill/topic/options.hpp>
#include <rill/topic/publish_options.hpp>
#include <rill/topic/statistics.hpp>
#include <rill/topic/subscribe_options.hpp>

#include <asio/any_io_executor.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rill::detail {

/// What a topic is: the log, its readers, and the mutex around both. All that subscriptions and registries
/// know of a log is here.
///
/// The mutex is held for pointers and copies of bytes only, at most 64 KiB of any event: an event is checked
/// and encoded before the mutex is taken, and the memory of old events is freed after it is released (under
/// it only where memory has run out). Nothing that belongs to a user runs under it, and nothing waits.
///
/// What is refused is an `error` with a `topic_errc` or a `sse_errc`.
class topic_core : public std::enable_shared_from_this<topic_core> {
public:
    /// `budget` is shared with other topics; null for a topic by itself.
    explicit topic_core(const topic_options& options, std::shared_ptr<topic_budget> budget = {});
    topic_core(const topic_core&) = delete;
    topic_core& operator=(const topic_core&) = delete;
    ~topic_core();

    [[nodiscard]] std::uint64_t epoch() const noexcept { return log_.epoch(); }

    // For publishers: see `topic`.
    std::string publish(const event& e, const publish_options& options);
    void close();
    [[nodiscard]] topic_statistics statistics();

    // For subscriptions: what they do with their cursors.

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

    /// All that `c` lacks, up to about `bytes` bytes, as it lies in the log.
    [[nodiscard]] taken take(cursor& c, std::size_t bytes, std::optional<std::uint64_t> except_from,
                             batch& into);

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
    /// All that `c` lacks, up to about `bytes` bytes, to be looked at event by event.
    [[nodiscard]] taken look(cursor& c, std::size_t bytes, std::optional<std::uint64_t> except_from,
                             excerpt& into);
    /// Whether nothing more will come, and the reader has not lost anything either.
    [[nodiscard]] bool is_over_for(const cursor& c);
    /// Whether `take` and `look` would give `fallen`.
    [[nodiscard]] bool has_fallen(cursor& c);
    /// The reader was given `events` events of an excerpt.
    void delivered(std::size_t events);

    /// The reader has not got what followed the event `sequence`, and wants it again.
    void rewind(cursor& c, std::uint64_t sequence);

    // See `feed`.
    void wait(cursor& c, const asio::any_io_executor& executor);
    void pause(cursor& c, const asio::any_io_executor& executor);
    void stop_waiting(cursor& c) noexcept;
    /// The same, for an executor that may be about to go.
    void leave_lot(cursor& c) noexcept;

    // For registries.

    /// What it takes of the budget.
    struct load {
        std::size_t memory;
        std::size_t pinned;
        time_point oldest; ///< when its oldest event was published
    };
    [[nodiscard]] load weigh();
    /// Drops the oldest events until `bytes` bytes are free. Returns how many were freed.
    std::size_t shrink(std::size_t bytes);
    /// Cuts the readers that have held for longest what has left the log.
    void cut_slowest();

    /// Since when it has been without readers and events; empty if it has any.
    [[nodiscard]] std::optional<time_point> unused_since();
    /// Counts as a use, now.
    void touch();

private:
    /// Holds the mutex. What leaves the log meanwhile is freed once the mutex is free again.
    class holding {
    public:
        explicit holding(topic_core& core) : core_{core}, lock_{core.mutex_} {}
        holding(const holding&) = delete;
        holding& operator=(const holding&) = delete;
        ~holding() {
            if (!lock_.owns_lock()) return;
            const auto released = core_.log_.take_released();
            lock_.unlock();
        }
        /// Runs `work` without the mutex.
        template <typename Work>
        void suspend(Work work) {
            lock_.unlock();
            work();
            lock_.lock();
        }

    private:
        topic_core& core_;
        std::unique_lock<std::mutex> lock_;
    };

    template <typename Visit>
    void for_each_due(cursor& c, std::optional<std::uint64_t> except_from, Visit visit);
    [[nodiscard]] bool has_news(const cursor& c) const noexcept;
    [[nodiscard]] bool is_lost(const cursor& c) const noexcept;
    [[nodiscard]] bool ends(cursor& c) noexcept;
    [[nodiscard]] bool falls_off(cursor& c);
    void fall_to_newest(cursor& c, bool on_purpose);
    void collect(cursor& c, std::size_t bytes, std::optional<std::uint64_t> except_from, batch& into);
    void collect_newest(cursor& c, std::size_t bytes, std::optional<std::uint64_t> except_from, batch& into);
    void tell_place(cursor& c, batch& into);
    void count_announcement(const cursor& c) noexcept;

    void accept(record& r);
    void enter_budget(holding& lock);
    void settle_budget() noexcept;
    [[nodiscard]] std::uint64_t lost_since(const cursor& c) const noexcept;
    [[nodiscard]] bool may_be_cut(const cursor& c) const noexcept;
    void choose_slowest();

    void trim(time_point now = clock::now());
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
    std::atomic<bool> closed_ = false; ///< changes under the mutex
};

} // namespace rill::detail
