// What goes on between a log and its readers. Who is woken, and when, is in wake.cpp.
#include <rill/base/error.hpp>
#include <rill/topic/detail/batch_builder.hpp>
#include <rill/topic/detail/core.hpp>
#include <rill/topic/detail/words.hpp>
#include <rill/topic/error.hpp>

#include <algorithm>
#include <limits>

namespace rill {

topic_statistics& topic_statistics::operator+=(const topic_statistics& other) noexcept {
    subscribers += other.subscribers;
    events += other.events;
    bytes += other.bytes;
    pinned += other.pinned;
    published += other.published;
    delivered += other.delivered;
    dropped += other.dropped;
    gaps += other.gaps;
    disconnected += other.disconnected;
    return *this;
}

namespace detail {
namespace {

/// The memory of what has left the log that slow readers may hold.
std::size_t most_pinned(const topic_options& options) noexcept {
    return std::max(options.keep_bytes, std::size_t{1} << 20);
}

} // namespace

std::string topic_core::publish(const event& e, const publish_options& options) {
    std::unique_lock lock{mutex_};
    if (closed_) throw topic_error{topic_errc::closed};
    if (budget_ && !entered_) enter_budget(lock);
    last_used_ = clock::now();
    std::string id;
    try {
        id = log_.append(e, options, last_used_);
    } catch (...) {
        settle_budget();
        throw;
    }
    ++totals_.published;
    for (const auto& each : lots_) wake(*each);
    trim();
    if (log_.pinned() > most_pinned(options_)) choose_slowest();
    if (!budget_) return id;
    lock.unlock();
    if (budget_->exceeded()) budget_->reclaim();
    return id;
}

topic_statistics topic_core::statistics() {
    const std::lock_guard lock{mutex_};
    trim();
    auto all = totals_;
    all.subscribers = subscribers_;
    all.events = log_.size() + log_.kept().size();
    all.bytes = log_.bytes();
    all.pinned = log_.pinned();
    return all;
}

std::optional<time_point> topic_core::unused_since() {
    const std::lock_guard lock{mutex_};
    trim();
    const bool unused = subscribers_ == 0 && log_.holds_nothing();
    return unused ? std::optional{last_used_} : std::nullopt;
}

void topic_core::touch() {
    const std::lock_guard lock{mutex_};
    last_used_ = clock::now();
}

void topic_core::open(cursor& c, std::string_view last_event_id, start where) {
    const std::lock_guard lock{mutex_};
    if (subscribers_ >= options_.max_subscribers) throw topic_error{topic_errc::too_many_subscribers};
    trim();
    ++subscribers_;
    last_used_ = clock::now();
    if (last_event_id.empty() && where == start::new_only) {
        c.sequence = log_.last();
        return;
    }
    const positions ours{last_event_id};
    if (const auto at = ours.find(log_.epoch()); at && at->sequence <= log_.last()) {
        c.sequence = at->sequence;
        return;
    } else if (const auto own = log_.find(last_event_id)) {
        c.sequence = *own;
        return;
    } else if (!last_event_id.empty()) {
        c.announce = at                   ? gap::unknown_id
                     : ours.well_formed() ? gap::unknown_epoch
                     : log_.has_own_ids() ? gap::unknown_id
                                          : gap::malformed_id;
    }
    c.from_the_start = true;
    if (options_.policy != lag_policy::latest) c.sequence = log_.first() - 1;
}

void topic_core::leave(cursor& c) noexcept {
    const std::lock_guard lock{mutex_};
    forget(c);
    cutting_ -= c.cut && !c.fallen ? 1 : 0;
    --subscribers_;
    last_used_ = clock::now();
}

bool topic_core::is_lost(const cursor& c) const noexcept {
    return c.fallen || c.cut ||
           (options_.policy == lag_policy::disconnect && !c.opening && c.sequence + 1 < log_.first());
}

/// The same, and counts the streams that end so.
bool topic_core::ends(cursor& c) noexcept {
    if (!is_lost(c)) return false;
    if (!std::exchange(c.fallen, true)) {
        ++totals_.disconnected;
        cutting_ -= c.cut ? 1 : 0;
    }
    return true;
}

bool topic_core::is_over_for(const cursor& c) {
    const std::lock_guard lock{mutex_};
    return closed_ && c.announce == gap::none && c.sequence + 1 >= log_.first();
}

bool topic_core::has_fallen(cursor& c) {
    const std::lock_guard lock{mutex_};
    return ends(c);
}

/// Looks whether the log has gone on without the reader, and says what becomes of it; true: this is the end.
bool topic_core::falls_off(cursor& c) {
    if (ends(c)) return true;
    const bool on_purpose = std::exchange(c.from_the_start, false);
    if (options_.policy == lag_policy::latest) {
        fall_to_newest(c, on_purpose);
    } else if (c.sequence + 1 < log_.first()) {
        if (!on_purpose) {
            c.announce = c.opening ? gap::trimmed : gap::lagged;
            c.missed = log_.first() - 1 - c.sequence;
        }
        c.sequence = log_.first() - 1;
    }
    return false;
}

/// With `lag_policy::latest`. Of what the reader is given the newest events of anyway, it is told already.
void topic_core::fall_to_newest(cursor& c, bool on_purpose) {
    const auto told = std::max(c.sequence, c.conflate_to);
    const auto lost = on_purpose ? 0 : lost_since(c);
    c.lost = log_.lost();
    if (on_purpose) c.conflate_to = log_.last();
    if (on_purpose || (told + 1 >= log_.first() && lost == 0)) return;
    c.missed = lost;
    if (told + 1 < log_.first()) {
        c.conflate_to = log_.last();
        const auto& kept = log_.kept();
        c.missed += log_.first() - 1 - told;
        c.missed -= static_cast<std::uint64_t>(std::distance(kept.upper_bound(told), kept.end()));
        for (auto n = log_.first(); n <= log_.last(); ++n) c.missed += log_[n].superseded_by > 0 ? 1 : 0;
    }
    if (c.missed > 0) c.announce = gap::superseded;
}

/// How many of the newest events that the reader was on its way through are no longer kept. They may be
/// fewer, since it may have got some of them before.
std::uint64_t topic_core::lost_since(const cursor& c) const noexcept {
    const auto end = std::min(c.conflate_to, log_.last_lost());
    return c.lost != log_.lost() && c.sequence < end ? std::min(log_.lost() - c.lost, end - c.sequence) : 0;
}

/// Calls `visit` with each event that the reader is to get, until it says that this is enough, and moves its
/// place behind what was visited or passed over.
template <typename Visit>
void topic_core::for_each_due(cursor& c, std::optional<std::uint64_t> except_from, Visit visit) {
    if (c.sequence + 1 < log_.first()) {
        const auto& kept = log_.kept();
        for (auto at = kept.upper_bound(c.sequence); at != kept.end(); ++at) {
            const auto& [n, value] = *at;
            if (!value.about.is_from(except_from) &&
                !visit(n, value.about, value.event.owner, value.event.bytes))
                return;
            c.sequence = n;
        }
        c.sequence = log_.first() - 1;
    }
    while (c.sequence < log_.last()) {
        const auto& e = log_[c.sequence + 1];
        const bool conflated = e.superseded_by > 0 && e.superseded_by <= c.conflate_to;
        if (!conflated && !e.is_from(except_from) &&
            !visit(c.sequence + 1, e, log_.slab_of(e), log_.bytes_of(e)))
            return;
        ++c.sequence;
    }
}

void topic_core::count_announcement(const cursor& c) noexcept {
    if (c.announce == gap::none) return;
    ++totals_.gaps;
    totals_.dropped += c.missed;
}

topic_core::taken topic_core::take(cursor& c, std::size_t bytes, std::optional<std::uint64_t> except_from,
                                   feed::batch& into) {
    const std::lock_guard lock{mutex_};
    const bool plain =
        !c.opening && !c.cut && !except_from && c.sequence + 1 >= log_.first() && c.conflate_to <= c.sequence;
    if (plain && into.source == this && into.from == c.sequence && into.to == log_.last()) {
        totals_.delivered += into.to - into.from;
        c.sequence = into.to;
        return taken::some;
    }
    into.clear();
    if (falls_off(c)) return taken::fallen;
    if (c.opening || c.announce != gap::none) {
        std::string id;
        std::string words;
        append(id, {log_.epoch(), c.sequence});
        if (c.announce == gap::none)
            append_checkpoint(words, id);
        else
            append_gap(words, id, c.announce, c.missed);
        into.add(shared_bytes{block{words}});
        count_announcement(c);
        c.announce = gap::none;
        c.opening = false;
    }
    const auto from = c.sequence;
    if (c.conflate_to > c.sequence)
        collect_newest(c, bytes, except_from, into);
    else
        collect(c, bytes, except_from, into);
    if (into.empty()) return closed_ ? taken::closed : taken::none;
    if (plain && c.sequence == log_.last()) {
        into.source = this;
        into.from = from;
        into.to = c.sequence;
    }
    return taken::some;
}

/// Ranges of the log, as few as there can be.
void topic_core::collect(cursor& c, std::size_t bytes, std::optional<std::uint64_t> except_from,
                         feed::batch& into) {
    std::string_view range;
    const block* slab = nullptr;
    for_each_due(c, except_from, [&](auto, const auto&, const block& owner, std::string_view event) {
        if (into.size() + range.size() >= bytes) return false;
        if (range.data() + range.size() == event.data() && slab == &owner) {
            range = {range.data(), range.size() + event.size()};
        } else {
            if (!range.empty()) into.add({*slab, range});
            range = {};
            if (into.full()) return false;
            range = event;
            slab = &owner;
        }
        ++totals_.delivered;
        return true;
    });
    if (!range.empty()) into.add({*slab, range});
}

/// The newest events of each key lie far apart: small ones are copied.
void topic_core::collect_newest(cursor& c, std::size_t bytes, std::optional<std::uint64_t> except_from,
                                feed::batch& into) {
    batch_builder newest{feed::batch::most - into.pieces().size()};
    for_each_due(c, except_from, [&](auto, const auto&, const block& owner, std::string_view event) {
        if (into.size() + newest.size() >= bytes || newest.full()) return false;
        newest.add(owner, event);
        ++totals_.delivered;
        return true;
    });
    newest.finish(into);
}

topic_core::taken topic_core::look(cursor& c, std::size_t bytes, std::optional<std::uint64_t> except_from,
                                   excerpt& into) {
    const std::lock_guard lock{mutex_};
    into.items.clear();
    into.owners.clear();
    if (falls_off(c)) return taken::fallen;
    count_announcement(c);
    into.begin = c.sequence;
    into.missed = c.missed;
    into.announce = std::exchange(c.announce, gap::none);
    into.opening = std::exchange(c.opening, false);
    std::size_t size = 0;
    const block* last = nullptr;
    for_each_due(c, except_from,
                 [&](std::uint64_t n, const auto& e, const block& owner, std::string_view event) {
                     if (size >= bytes) return false;
                     if (std::exchange(last, &owner) != &owner) into.owners.push_back(owner);
                     into.items.push_back({n, into.owners.size() - 1, event, e.id_at, e.id_size,
                                           e.publisher(), e.key ? e.key->name : std::string{}});
                     size += event.size();
                     return true;
                 });
    if (!into.items.empty() || into.opening || into.announce != gap::none) return taken::some;
    return closed_ ? taken::closed : taken::none;
}

void topic_core::delivered(std::size_t events) {
    const std::lock_guard lock{mutex_};
    totals_.delivered += events;
}

} // namespace detail
} // namespace rill
