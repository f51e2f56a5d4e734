// What goes on between a log, its publishers and its readers. Which readers are woken, and when, is in
// wake.cpp; those that fall behind are in lag.cpp.
#include <rill/base/error.hpp>
#include <rill/topic/detail/batch_builder.hpp>
#include <rill/topic/detail/core.hpp>
#include <rill/topic/detail/words.hpp>
#include <rill/topic/errc.hpp>

#include <algorithm>
#include <limits>
#include <new>

namespace rill::detail {
namespace {

/// The memory of what has left the log that slow readers may hold.
std::size_t most_pinned(const topic_options& options) noexcept {
    return std::max(options.keep_bytes, std::size_t{1} << 20);
}

/// Does what follows from an event that is in the log. Its publisher must not take that for a failure, and
/// publish it again: what there is no memory for waits for the next event.
template <typename Work>
void follow_up(Work work) {
    try {
        work();
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): see above
    }
}

} // namespace

std::string topic_core::publish(const event& e, const publish_options& options) {
    if (closed_) throw error{topic_errc::closed}; // before all that work
    record encoded{e, options, log_.destination()};
    {
        holding lock{*this};
        if (closed_) throw error{topic_errc::closed};
        if (budget_ && !entered_) enter_budget(lock);
        accept(encoded);
    }
    if (budget_ && budget_->exceeded()) follow_up([this] { budget_->reclaim(); });
    return encoded.take_id();
}

/// Adds the event to the log, and wakes the readers that wait.
void topic_core::accept(record& r) {
    last_used_ = clock::now();
    try {
        log_.accept(r, last_used_);
    } catch (...) {
        settle_budget();
        throw;
    }
    ++totals_.published;
    for (const auto& each : lots_) follow_up([&] { wake(*each); });
    follow_up([this] { trim(last_used_); });
    if (log_.pinned() > most_pinned(log_.options())) choose_slowest();
}

topic_statistics topic_core::statistics() {
    const holding lock{*this};
    trim();
    auto all = totals_;
    all.subscribers = subscribers_;
    all.events = log_.size() + log_.kept().size();
    all.bytes = log_.bytes();
    all.pinned = log_.pinned();
    return all;
}

std::optional<time_point> topic_core::unused_since() {
    const holding lock{*this};
    trim();
    const bool unused = subscribers_ == 0 && log_.holds_nothing();
    return unused ? std::optional{last_used_} : std::nullopt;
}

void topic_core::touch() {
    const std::lock_guard lock{mutex_};
    last_used_ = clock::now();
}

void topic_core::open(cursor& c, std::string_view last_event_id, start where) {
    const holding lock{*this};
    if (subscribers_ >= log_.options().max_subscribers) throw error{topic_errc::too_many_subscribers};
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
    if (log_.options().policy != lag_policy::latest) c.sequence = log_.first() - 1;
}

void topic_core::leave(cursor& c) noexcept {
    const std::lock_guard lock{mutex_};
    forget(c);
    cutting_ -= c.cut && !c.fallen ? 1 : 0;
    --subscribers_;
    last_used_ = clock::now();
}

bool topic_core::is_over_for(const cursor& c) {
    const std::lock_guard lock{mutex_};
    return closed_ && c.announce == gap::none && c.sequence + 1 >= log_.first();
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
                                   batch& into) {
    std::unique_lock lock{mutex_};
    const auto is_plain = [&] {
        return !c.opening && !c.cut && !except_from && c.sequence + 1 >= log_.first() &&
               c.conflate_to <= c.sequence;
    };
    if (into.source == this && into.from == c.sequence && into.to == log_.last() && is_plain()) {
        totals_.delivered += into.to - into.from;
        c.sequence = into.to;
        return taken::some;
    }
    if (!into.empty()) { // what is in it may have no other owner
        lock.unlock();
        into.clear();
        lock.lock();
    }
    const bool plain = is_plain();
    if (falls_off(c)) return taken::fallen;
    const auto from = c.sequence;
    const auto announce = c.announce;
    const bool opening = c.opening;
    try {
        if (opening || announce != gap::none) tell_place(c, into);
        if (c.conflate_to > from)
            collect_newest(c, bytes, except_from, into);
        else
            collect(c, bytes, except_from, into);
    } catch (...) { // the reader may try again
        into.clear();
        c.sequence = from;
        c.announce = announce;
        c.opening = opening;
        throw;
    }
    if (into.empty()) return closed_ ? taken::closed : taken::none;
    if (plain && c.sequence == log_.last()) {
        into.source = this;
        into.from = from;
        into.to = c.sequence;
    }
    return taken::some;
}

/// Adds what the reader has to be told before any event: where it stands, or which gap there is.
void topic_core::tell_place(cursor& c, batch& into) {
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

/// Ranges of the log, as few as there can be.
void topic_core::collect(cursor& c, std::size_t bytes, std::optional<std::uint64_t> except_from,
                         batch& into) {
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
                                batch& into) {
    batch_builder newest{batch::most - into.pieces().size()};
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
    into.items.clear();
    into.owners.clear();
    const std::lock_guard lock{mutex_};
    if (falls_off(c)) return taken::fallen;
    into.begin = c.sequence;
    std::size_t size = 0;
    const block* last = nullptr;
    try {
        for_each_due(c, except_from,
                     [&](std::uint64_t n, const auto& e, const block& owner, std::string_view event) {
                         if (size >= bytes) return false;
                         if (std::exchange(last, &owner) != &owner) into.owners.push_back(owner);
                         into.items.push_back({n, into.owners.size() - 1, event, e.id_at, e.id_size,
                                               e.publisher(), e.key ? e.key->name : std::string{}});
                         size += event.size();
                         return true;
                     });
    } catch (...) { // the reader may try again
        c.sequence = into.begin;
        throw;
    }
    count_announcement(c);
    into.missed = c.missed;
    into.announce = std::exchange(c.announce, gap::none);
    into.opening = std::exchange(c.opening, false);
    if (!into.items.empty() || into.opening || into.announce != gap::none) return taken::some;
    return closed_ ? taken::closed : taken::none;
}

void topic_core::delivered(std::size_t events) {
    const std::lock_guard lock{mutex_};
    totals_.delivered += events;
}

} // namespace rill::detail
