#include <rill/base/error.hpp>
#include <rill/base/text.hpp>
#include <rill/sse/detail/layout.hpp>
#include <rill/sse/detail/own_events.hpp>
#include <rill/sse/error.hpp>
#include <rill/topic/detail/history.hpp>
#include <rill/topic/error.hpp>

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace rill::detail {
namespace {

constexpr std::size_t smallest_slab = 512, largest_slab = std::size_t{64} << 10;
constexpr std::size_t largest_event = std::numeric_limits<std::uint32_t>::max() / 2;
constexpr std::size_t longest_id = 256, longest_key = 256, longest_name = 256;
constexpr std::string_view id_start = "id: ";

} // namespace

history::history(const topic_options& options, std::shared_ptr<block_tally> whole)
    : options_{options}, tally_{std::make_shared<block_tally>(std::move(whole))} {
    if (options.keep_events == 0) throw std::invalid_argument{"a topic keeps at least one event"};
    if (options.keep_bytes == 0) throw std::invalid_argument{"a topic keeps at least some bytes"};
    if (options.max_subscribers == 0) throw std::invalid_argument{"a topic has at least one subscriber"};
}

std::string_view history::bytes_of(const entry& e) const noexcept {
    return {slab_of(e).data() + e.offset, e.size};
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

void history::check_own_id(std::string_view id) const {
    const auto ours = parse_position(id);
    // A client sends it back in a header field. That it has no controls is checked as for any event.
    const bool fits_a_field = !id.empty() && rill::trim(id).size() == id.size();
    if (!fits_a_field || id.size() > longest_id || id.find(',') != id.npos || (ours && ours->epoch == epoch_))
        throw topic_error{topic_errc::id_not_allowed};
    if (find(id)) throw topic_error{topic_errc::id_repeats};
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

/// Has the last slab hold `size` more bytes. A slab is as large as what is in the log, so that a topic which
/// keeps little costs little, for how long ever it is published to.
void history::make_room(std::size_t size) {
    if (!slabs_.empty() && slabs_.back().memory.capacity() - slabs_.back().used >= size) return;
    const auto bound = std::clamp(options_.keep_bytes / 4, smallest_slab, largest_slab);
    slab fresh;
    fresh.memory = block{std::max(std::clamp(bytes_, smallest_slab, bound), size), tally_};
    slab_bytes_ += fresh.memory.capacity();
    slabs_.push_back(std::move(fresh));
}

std::string history::append(const event& e, const publish_options& options, time_point now) {
    const bool own_id = e.id.data() != nullptr;
    if (!own_id && e.name.empty() && !e.data.data() && !e.comment.data() && !e.retry)
        throw error{sse_errc::empty_event};
    std::string id;
    if (own_id)
        id = e.id;
    else
        detail::append(id, {epoch_, last_ + 1});
    auto numbered = e;
    numbered.id = id;
    const auto layout = lay_out(numbered);
    if (layout.size > std::min(options_.keep_bytes, largest_event))
        throw topic_error{topic_errc::event_too_large};
    if (own_id) check_own_id(id);
    if (is_own_name(e.name)) throw topic_error{topic_errc::name_reserved};
    if (e.name.size() > longest_name) throw topic_error{topic_errc::event_name_too_long};
    if (e.retry && (*e.retry < shortest_retry || *e.retry > longest_retry))
        throw topic_error{topic_errc::retry_not_allowed};
    if (options.key.size() > longest_key || !is_utf8(options.key))
        throw topic_error{topic_errc::key_not_allowed};

    // What may throw comes first, and leaves nothing behind but room.
    entries_.reserve_one();
    make_room(layout.size);
    auto& slab = slabs_.back();
    entry about;
    about.slab = slabs_dropped_ + static_cast<std::uint32_t>(slabs_.size() - 1);
    about.offset = static_cast<std::uint32_t>(slab.used);
    about.size = static_cast<std::uint32_t>(layout.size);
    about.id_size = static_cast<std::uint16_t>(id.size());
    about.own_id = own_id;
    about.has_from = options.from.has_value();
    about.from = options.from.value_or(0);
    about.time = now;
    auto* const to = slab.memory.data() + slab.used;
    write(to, numbered, layout);
    if (e.comment.data())
        about.id_at = static_cast<std::uint32_t>(std::string_view{to, layout.size}.find('\n') + 1);
    const std::string_view written_id{to + about.id_at + id_start.size(), id.size()};
    if (own_id) {
        if (!own_ids_) own_ids_ = std::make_unique<own_ids>();
        own_ids_->emplace(written_id, last_ + 1);
    }
    try {
        about.key = key_named(options.key);
    } catch (...) {
        if (own_id) own_ids_->erase(written_id);
        throw;
    }

    ++last_;
    slab.used += layout.size;
    bytes_ += layout.size;
    entries_.push_back(about);
    if (about.key) supersede(*about.key, last_);
    return id;
}

/// The newest event of `key` is now `by`.
void history::supersede(key_state& key, std::uint64_t by) {
    const auto before = std::exchange(key.newest, by);
    ++key.uses;
    if (before == 0) return;
    if (before >= first())
        entries_[before - first()].superseded_by = by;
    else if (const auto old = keyed_->kept.find(before); old != keyed_->kept.end()) {
        const auto size = old->second.event.bytes.size();
        kept_bytes_ -= size;
        slab_bytes_ -= size;
        keyed_->kept.erase(old);
        --key.uses;
    }
}

void history::release(key_state& key) noexcept {
    if (--key.uses == 0) keyed_->states.erase(keyed_->states.find(key.name));
}

void history::drop_first() {
    const auto& oldest = entries_.front();
    const auto bytes = bytes_of(oldest);
    if (oldest.key) {
        if (options_.policy == lag_policy::latest && oldest.superseded_by == 0) {
            keyed_->kept.emplace(first(), kept_value{oldest, shared_bytes{block{bytes, tally_}}});
            kept_bytes_ += bytes.size();
            slab_bytes_ += bytes.size();
        } else {
            release(*oldest.key);
        }
    }
    if (oldest.own_id) own_ids_->erase(bytes.substr(oldest.id_at + id_start.size(), oldest.id_size));
    bytes_ -= oldest.size;
    entries_.pop_front();
    const auto needed =
        entries_.empty() ? slabs_dropped_ + static_cast<std::uint32_t>(slabs_.size()) : entries_.front().slab;
    for (; slabs_dropped_ != needed; ++slabs_dropped_) { // the count may have begun anew
        slab_bytes_ -= slabs_.front().memory.capacity();
        slabs_.pop_front();
    }
}

void history::drop_first_kept() {
    const auto oldest = keyed_->kept.begin();
    const auto size = oldest->second.event.bytes.size();
    kept_bytes_ -= size;
    slab_bytes_ -= size;
    ++lost_;
    last_lost_ = oldest->first;
    auto* const key = oldest->second.about.key;
    keyed_->kept.erase(oldest);
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
