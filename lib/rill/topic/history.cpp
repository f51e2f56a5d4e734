#include <rill/base/error.hpp>
#include <rill/sse/detail/layout.hpp>
#include <rill/topic/detail/history.hpp>
#include <rill/topic/errc.hpp>

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace rill::detail {
namespace {

constexpr std::size_t largest_event = std::numeric_limits<std::uint32_t>::max() / 2;

} // namespace

history::history(const topic_options& options, std::shared_ptr<block_tally> whole)
    : options_{options}, slabs_{options.keep_bytes, std::move(whole)} {
    if (options.keep_events == 0) throw std::invalid_argument{"a topic keeps at least one event"};
    if (options.keep_bytes == 0) throw std::invalid_argument{"a topic keeps at least some bytes"};
    if (options.max_subscribers == 0) throw std::invalid_argument{"a topic has at least one subscriber"};
}

std::size_t history::most_bytes() const noexcept {
    return std::min(options_.keep_bytes, largest_event);
}

std::string_view history::bytes_of(const entry& e) const noexcept {
    return {slab_of(e).data() + e.at.offset, e.size};
}

std::optional<std::uint64_t> history::find(std::string_view own_id) const {
    if (!own_ids_) return std::nullopt;
    const auto found = own_ids_->find(own_id);
    return found != own_ids_->end() ? std::optional{found->second} : std::nullopt;
}

const history::kept_values& history::kept() const noexcept {
    static const kept_values none;
    return keyed_ ? keyed_->kept : none;
}

history::key_state* history::key_named(std::string_view name) {
    if (name.empty()) return nullptr;
    if (!keyed_) keyed_ = std::make_unique<keyed>();
    if (const auto found = keyed_->states.find(name); found != keyed_->states.end())
        return found->second.get();
    auto state = std::make_unique<key_state>();
    state->name = name;
    auto* const key = state.get();
    keyed_->states.emplace(key->name, std::move(state));
    return key;
}

void history::accept(record& r, time_point now) {
    const auto number = last() + 1;
    r.set_number(number);
    const auto bytes = r.bytes();
    if (bytes.size() > most_bytes()) throw error{topic_errc::event_too_large};
    if (r.has_own_id() && find(r.id())) throw error{topic_errc::id_repeats};

    // What may throw comes first, and leaves nothing behind but room.
    entries_.reserve_one();
    const char* where = bytes.data();
    if (r.is_large()) {
        slabs_.reserve_one();
    } else {
        auto* const room = slabs_.make_room(bytes.size(), bytes_);
        where = std::ranges::copy(bytes, room).out - bytes.size();
    }
    auto* const key = r.has_names() ? note_names(r, where) : nullptr;

    last_.store(number, std::memory_order_relaxed);
    bytes_ += bytes.size();
    entries_.push_back({
        .at = r.is_large() ? slabs_.adopt(r.take_block(), bytes.size()) : slabs_.fill(bytes.size()),
        .size = static_cast<std::uint32_t>(bytes.size()),
        .id_at = static_cast<std::uint32_t>(r.id_at()),
        .id_size = static_cast<std::uint16_t>(r.id().size()),
        .has_from = r.from().has_value(),
        .own_id = r.has_own_id(),
        .from = r.from().value_or(0),
        .time = now,
        .key = key,
    });
    if (key) supersede(*key, number);
}

/// Notes the own id of an event whose bytes will stay at `bytes`, and gives its key. If this throws, neither
/// is noted.
history::key_state* history::note_names(const record& r, const char* bytes) {
    if (!r.has_own_id()) return key_named(r.key());
    if (!own_ids_) own_ids_ = std::make_unique<own_ids>();
    const std::string_view written{bytes + r.id_at() + id_start.size(), r.id().size()};
    own_ids_->emplace(written, last() + 1);
    try {
        return key_named(r.key());
    } catch (...) {
        own_ids_->erase(written);
        throw;
    }
}

/// The newest event of `key` is now `by`.
void history::supersede(key_state& key, std::uint64_t by) {
    const auto before = std::exchange(key.newest, by);
    ++key.uses;
    if (before == 0) return;
    if (before >= first()) {
        entries_[before - first()].superseded_by = by;
        ++superseded_;
    } else if (const auto old = keyed_->kept.find(before); old != keyed_->kept.end()) {
        drop_kept(old);
        --key.uses;
    }
}

void history::release(key_state& key) noexcept {
    if (--key.uses == 0) keyed_->states.erase(keyed_->states.find(key.name));
}

void history::drop_first() {
    const auto& oldest = entries_.front();
    const auto bytes = bytes_of(oldest);
    superseded_ -= oldest.superseded_by > 0 ? 1 : 0;
    if (oldest.key) {
        if (options_.policy == lag_policy::latest && oldest.superseded_by == 0) {
            const auto kept =
                keyed_->kept.emplace(first(), kept_value{oldest, slabs_.keep(oldest.at.slab, bytes)}).first;
            slabs_.add(kept->second.event);
            kept_bytes_ += bytes.size();
        } else {
            release(*oldest.key);
        }
    }
    if (oldest.own_id) own_ids_->erase(bytes.substr(oldest.id_at + id_start.size(), oldest.id_size));
    bytes_ -= oldest.size;
    entries_.pop_front();
    slabs_.drop_before(entries_.empty() ? slabs_.next() : entries_.front().at.slab);
}

void history::drop_kept(kept_values::iterator which) noexcept {
    kept_bytes_ -= which->second.event.bytes.size();
    slabs_.drop(std::move(which->second.event));
    keyed_->kept.erase(which);
}

void history::drop_first_kept() {
    const auto oldest = keyed_->kept.begin();
    auto* const key = oldest->second.about.key;
    ++lost_;
    last_lost_ = oldest->first;
    drop_kept(oldest);
    release(*key);
}

std::size_t history::overhead() const noexcept {
    // Of the maps: a node, its place in the table, and what the allocator adds.
    constexpr std::size_t of_own_id = 64, of_key = 192, of_kept = 192;
    auto sum = entries_.capacity() * sizeof(entry);
    if (own_ids_) sum += own_ids_->size() * of_own_id;
    if (keyed_) sum += keyed_->states.size() * of_key + keyed_->kept.size() * of_kept;
    return sum;
}

void history::shrink(std::size_t bytes) {
    const auto before = memory();
    const auto enough = [&] { return before >= bytes + memory(); };
    while (!entries_.empty() && !enough()) drop_first();
    while (!kept().empty() && !enough()) drop_first_kept();
    entries_.shrink();
}

void history::trim(time_point now, std::uint64_t needed) {
    const auto too_old = [&] {
        return options_.keep_age < std::chrono::years{100} && now - entries_.front().time > options_.keep_age;
    };
    while (!entries_.empty()) {
        const bool beyond = entries_.size() > options_.keep_events || too_old();
        if (bytes_ <= options_.keep_bytes && !(beyond && first() < needed)) return;
        drop_first();
    }
}

} // namespace rill::detail
