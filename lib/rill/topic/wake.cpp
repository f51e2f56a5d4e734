// Who is told of news, and when.
#include <rill/base/detail/prefetch.hpp>
#include <rill/topic/detail/core.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace rill::detail {
namespace {

/// How many readers are served in one turn of the event loop: anything else that runs there waits for no more
/// than these.
constexpr unsigned slice = 64;

/// How many turns of the event loop after the one before it a slice comes: in the first of them a request
/// that came meanwhile is noticed, in the second it is read, and in the third its handler has ended.
constexpr std::uint8_t turns_between = 4;

/// Brings the memory of the readers in front closer, while another one is served.
void prefetch_first(const cursor_list& due) noexcept {
    const auto* const first = due.front();
    if (!first) return;
    prefetch(&first->owner);
    prefetch(due.behind(*first));
}

} // namespace

bool topic_core::has_news(const cursor& c) const noexcept {
    return c.sequence < log_.last() || c.opening || c.cut || (closed_ && !c.end_seen);
}

/// Readers that had seen everything when a publisher woke them, and have not had their turn, are not pushed
/// off the log by what comes in the meantime; only `keep_bytes` can do that.
void topic_core::trim(time_point now) {
    auto needed = std::numeric_limits<std::uint64_t>::max();
    for (const auto& each : lots_)
        if (each->scheduled) needed = std::min(needed, each->needed);
    log_.trim(now, needed);
    settle_budget();
    tell_paused();
}

void topic_core::tell_paused() {
    if (log_.options().policy != lag_policy::disconnect) return; // the others learn of it when they can go on
    for (const auto& each : lots_)
        if (!each->paused.empty() && each->paused_from < log_.first()) {
            each->some_fell = true;
            schedule(*each, log_.last() + 1);
        }
}

void topic_core::close() {
    const std::lock_guard lock{mutex_};
    closed_ = true;
    for (const auto& each : lots_) wake(*each);
}

/// Serves the readers that wait in `where`.
void topic_core::wake(lot& where) {
    if (!where.waiting->empty()) schedule(where, log_.last());
}

/// Begins a walk, unless one is under way.
void topic_core::schedule(lot& where, std::uint64_t needed, std::uint8_t after) {
    if (where.scheduled) return;
    where.needed = needed;
    where.wait = after;
    post_walk(where);
    where.scheduled = true;
}

void topic_core::post_walk(lot& where) {
    where.posted.post(where.executor, [self = shared_from_this(), lot = where.shared_from_this()] {
        if (lot->wait > 1) {
            --lot->wait;
            self->post_walk(*lot);
        } else {
            self->walk(*lot);
        }
    });
}

bool topic_core::has_news(const lot& where) const noexcept {
    return where.moved_at < log_.last() || where.closing_seen != closed_;
}

/// Once `due` is empty. All readers that wait are due then, at once, however many they are: one that has
/// nothing to take after all, since it came amid the walk or another topic has told it, is left out when its
/// turn comes.
void topic_core::refill(lot& where) noexcept {
    if (has_news(where)) {
        where.needed = std::max(where.needed, where.moved_at + 1);
        where.moved_at = log_.last();
        where.closing_seen = closed_;
        std::swap(where.due, where.waiting);
    }
    while (!where.again.empty()) where.due->push_back(where.again.pop_front());
}

/// Tells the readers that have lost their place, or are cut.
void topic_core::move_fallen(lot& where) noexcept {
    where.some_fell = false;
    const auto cut_to = std::exchange(where.cut_to, 0);
    where.paused_from = std::numeric_limits<std::uint64_t>::max();
    for (auto* each = where.paused.front(); each;) {
        auto& c = *std::exchange(each, where.paused.behind(*each));
        if (c.sequence <= cut_to && may_be_cut(c)) {
            c.cut = true;
            ++cutting_;
        }
        const bool falls = log_.options().policy == lag_policy::disconnect && c.sequence + 1 < log_.first();
        if (!c.cut && !falls) {
            where.paused_from = std::min(where.paused_from, c.sequence + 1);
        } else {
            cursor_list::remove(c);
            where.due->push_back(c);
        }
    }
}

void topic_core::walk(lot& where) {
    batch scratch;
    std::unique_lock lock{mutex_};
    if (where.some_fell) move_fallen(where);
    if (where.due->empty()) refill(where);
    for (unsigned served = 0; served < slice && !where.due->empty(); ++served) {
        auto& c = where.due->pop_front();
        if (!has_news(c)) {
            where.waiting->push_back(c);
            continue;
        }
        prefetch_first(*where.due);
        lock.unlock();
        c.owner.on_news(scratch);
        lock.lock();
    }
    if (where.due->empty()) refill(where);
    where.scheduled = false;
    if (!where.due->empty() || where.some_fell) schedule(where, where.needed, turns_between);
}

/// Takes `c` out of the list that it is in, and moves it to the lot of `executor`.
inline lot& topic_core::settle(cursor& c, const asio::any_io_executor& executor) {
    cursor_list::remove(c);
    if (c.home && c.home->executor == executor) return *c.home;
    forget(c);
    c.home = &lot_for(executor);
    ++c.home->readers;
    return *c.home;
}

void topic_core::wait(cursor& c, const asio::any_io_executor& executor) {
    const std::lock_guard lock{mutex_};
    auto& home = settle(c, executor);
    if (!has_news(c)) return home.waiting->push_back(c);
    home.again.push_back(c);
    schedule(home, log_.last() + 1);
}

void topic_core::pause(cursor& c, const asio::any_io_executor& executor) {
    const std::lock_guard lock{mutex_};
    auto& home = settle(c, executor);
    home.paused_from = home.paused.empty() ? c.sequence + 1 : std::min(home.paused_from, c.sequence + 1);
    home.paused.push_back(c);
}

void topic_core::rewind(cursor& c, std::uint64_t sequence) {
    const std::lock_guard lock{mutex_};
    c.sequence = sequence;
}

void topic_core::stop_waiting(cursor& c) noexcept {
    const std::lock_guard lock{mutex_};
    cursor_list::remove(c);
}

void topic_core::leave_lot(cursor& c) noexcept {
    const std::lock_guard lock{mutex_};
    forget(c);
}

lot& topic_core::lot_for(const asio::any_io_executor& executor) {
    for (const auto& each : lots_)
        if (each->executor == executor) return *each;
    return *lots_.emplace_back(std::make_shared<lot>(executor));
}

/// Takes `c` out of its lot, and removes the lot with its last reader.
void topic_core::forget(cursor& c) noexcept {
    cursor_list::remove(c);
    auto* const home = std::exchange(c.home, nullptr);
    if (home && --home->readers == 0)
        std::erase_if(lots_, [&](const auto& each) { return each.get() == home; });
}

} // namespace rill::detail
