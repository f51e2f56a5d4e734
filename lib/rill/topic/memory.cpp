// What a topic may hold, by itself and together with others.
#include <rill/base/error.hpp>
#include <rill/topic/detail/core.hpp>
#include <rill/topic/errc.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace rill::detail {

topic_core::topic_core(const topic_options& options, std::shared_ptr<topic_budget> budget)
    : budget_{std::move(budget)}, log_{options, budget_ ? budget_->slabs() : nullptr} {}

topic_core::~topic_core() {
    if (!budget_) return;
    if (entered_) budget_->leave();
    budget_->change_overhead(known_overhead_, 0);
}

/// Before the first event. Throws `too_many_topics`.
void topic_core::enter_budget(holding& lock) {
    entered_ = budget_->enter();
    if (entered_) return;
    lock.suspend([&] { budget_->make_room(); }); // it looks at other topics, and maybe at this one
    if (closed_) throw error{topic_errc::closed};
    if (!entered_) entered_ = budget_->enter();
    if (!entered_) throw error{topic_errc::too_many_topics};
}

void topic_core::settle_budget() noexcept {
    if (!budget_) return;
    if (entered_ && log_.holds_nothing()) {
        entered_ = false;
        budget_->leave();
    }
    const auto overhead = log_.overhead();
    if (overhead != known_overhead_)
        budget_->change_overhead(std::exchange(known_overhead_, overhead), overhead);
}

topic_core::load topic_core::weigh() {
    const holding lock{*this};
    trim();
    const auto oldest = log_.size() > 0 ? log_[log_.first()].time : time_point::min(); // kept for longer
    return {log_.holds_nothing() ? 0 : log_.memory(), log_.pinned(), oldest};
}

std::size_t topic_core::shrink(std::size_t bytes) {
    const holding lock{*this};
    const auto before = log_.memory();
    log_.shrink(bytes);
    settle_budget();
    tell_paused();
    return before - std::min(before, log_.memory());
}

void topic_core::cut_slowest() {
    const std::lock_guard lock{mutex_};
    choose_slowest();
}

/// Whether `c`, which is paused, has been given something that has left the log.
bool topic_core::may_be_cut(const cursor& c) const noexcept {
    return !c.cut && c.sequence > 0 && c.sequence < log_.first();
}

/// Of the readers that hold what has left the log, the slower half is cut: the one that has seen least holds
/// the oldest slabs, and has held them for longest. No others are chosen before these are gone.
void topic_core::choose_slowest() {
    if (cutting_ > 0) return;
    auto least = std::numeric_limits<std::uint64_t>::max();
    for (const auto& each : lots_) {
        if (each->cut_to > 0) return;
        for (const auto* c = each->paused.front(); c; c = each->paused.behind(*c))
            if (may_be_cut(*c)) least = std::min(least, c->sequence);
    }
    if (least >= log_.first()) return;
    const auto cut_to = least + (log_.first() - 1 - least) / 2;
    for (const auto& each : lots_) {
        if (each->paused.empty()) continue;
        each->cut_to = cut_to;
        each->some_fell = true;
        schedule(*each, log_.last() + 1);
    }
}

} // namespace rill::detail
