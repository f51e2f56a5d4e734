#pragma once

#include <rill/base/clock.hpp>
#include <rill/base/detail/block.hpp>
#include <rill/topic/detail/position.hpp>
#include <rill/topic/detail/record.hpp>
#include <rill/topic/detail/ring.hpp>
#include <rill/topic/detail/slabs.hpp>
#include <rill/topic/options.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rill::detail {

/// The log of a topic: encoded events, numbered from 1, bounded by count, bytes and age.
///
/// The events lie one after the other in slabs, so that all that a reader lacks is a few ranges of bytes:
///
///     slabs     │ 1 │ 2 │ 3 │ 4 ... full │──▶│ 17 │ 18 │ 19 │      room │
///     entries     ▲   ▲   ▲   ▲                 ▲    ▲    ▲ last()
///              first()
///
/// The log belongs to one thread at a time, but any thread may ask for `options`, `epoch` and `destination`,
/// and readers on other threads may hold on to a slab.
class history {
public:
    struct key_state {
        std::string name;
        std::uint64_t newest = 0; ///< the number of its newest event
        std::size_t uses = 0;     ///< events in the log, or kept beyond it
    };

    /// What is known of an event beside its bytes.
    struct entry {
        slabs::place at;
        std::uint32_t size = 0;
        std::uint32_t id_at = 0;   ///< where its id's line begins, from the event's begin
        std::uint16_t id_size = 0; ///< without `id: ` and the line's end
        bool has_from = false;
        bool own_id = false; ///< the publisher gave it
        std::uint64_t from = 0;
        std::uint64_t superseded_by = 0; ///< the number of the next event with its key
        time_point time{};
        key_state* key = nullptr;

        [[nodiscard]] bool is_from(std::optional<std::uint64_t> who) const noexcept {
            return who && has_from && from == *who;
        }
        [[nodiscard]] std::optional<std::uint64_t> publisher() const noexcept {
            return has_from ? std::optional{from} : std::nullopt;
        }
    };

    /// The newest event of its key, kept after it has left the log.
    struct kept_value {
        entry about;
        shared_bytes event;
    };
    using kept_values = std::map<std::uint64_t, kept_value>;

    /// `whole` counts the bytes of its slabs as a part of more.
    explicit history(const topic_options& options, std::shared_ptr<block_tally> whole = {});

    [[nodiscard]] const topic_options& options() const noexcept { return options_; }
    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
    /// What an event that is to be published is encoded for.
    [[nodiscard]] record::destination destination() const noexcept {
        return {.id_prefix = {id_prefix_.data(), id_prefix_.size()},
                .next = last() + 1,
                .most_bytes = most_bytes()};
    }

    /// The number of the oldest event in the log, `last() + 1` if there is none.
    [[nodiscard]] std::uint64_t first() const noexcept { return last() + 1 - entries_.size(); }
    /// The number of the last event ever appended.
    [[nodiscard]] std::uint64_t last() const noexcept { return last_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_ + kept_bytes_; }
    [[nodiscard]] bool holds_nothing() const noexcept { return entries_.empty() && kept().empty(); }

    /// The memory of slabs that have left it, but which readers still hold.
    [[nodiscard]] std::size_t pinned() const noexcept { return slabs_.pinned(); }
    /// The memory that it takes beside the slabs, roughly.
    [[nodiscard]] std::size_t overhead() const noexcept;
    [[nodiscard]] std::size_t memory() const noexcept { return slabs_.bytes() + overhead(); }

    /// From `first()` to `last()`.
    [[nodiscard]] const entry& operator[](std::uint64_t sequence) const noexcept {
        return entries_[sequence - first()];
    }
    [[nodiscard]] std::string_view bytes_of(const entry& e) const noexcept;
    /// The slab that `e` lies in.
    [[nodiscard]] const block& slab_of(const entry& e) const noexcept { return slabs_[e.at.slab]; }

    /// The event in the log that a publisher gave this id.
    [[nodiscard]] std::optional<std::uint64_t> find(std::string_view own_id) const;
    /// Whether a publisher ever gave an id.
    [[nodiscard]] bool has_own_ids() const noexcept { return own_ids_ != nullptr; }

    /// Adds an event, which gets its number here. Throws `error` with `topic_errc::event_too_large` or
    /// `id_repeats`, and is then as before.
    void accept(record& r, time_point now);

    /// Drops what the bounds say; but what only count and age would drop stays from the number `needed` on.
    void trim(time_point now, std::uint64_t needed);

    /// Drops the oldest events, whatever the bounds say, and then those that are kept beyond the log, until
    /// as much memory is free, or nothing is left.
    void shrink(std::size_t bytes);

    /// Memory that was given up since the last call. The caller frees it when it no longer holds the log.
    [[nodiscard]] std::vector<block> take_released() noexcept { return slabs_.take_released(); }

    /// With `lag_policy::latest`: the newest events of keys whose events have left the log, by number.
    [[nodiscard]] const kept_values& kept() const noexcept;
    /// How many events in the log have a newer one with the same key.
    [[nodiscard]] std::uint64_t superseded() const noexcept { return superseded_; }
    /// How many kept events `shrink` has ever dropped; none up to `last_lost` is kept any more.
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }
    [[nodiscard]] std::uint64_t last_lost() const noexcept { return last_lost_; }

private:
    struct keyed {
        std::unordered_map<std::string_view, std::unique_ptr<key_state>> states; ///< by their own names
        kept_values kept;
    };
    using own_ids = std::unordered_map<std::string_view, std::uint64_t>; ///< views into the slabs

    [[nodiscard]] std::size_t most_bytes() const noexcept;
    [[nodiscard]] key_state* note_names(const record& r, const char* bytes);
    [[nodiscard]] key_state* key_named(std::string_view name);
    void supersede(key_state& key, std::uint64_t by);
    void release(key_state& key) noexcept;
    void drop_first();
    void drop_kept(kept_values::iterator which) noexcept;
    void drop_first_kept();

    const topic_options options_;
    const std::uint64_t epoch_ = random_epoch();
    const std::array<char, position::epoch_digits + 1> id_prefix_ = epoch_text(epoch_);
    std::atomic<std::uint64_t> last_ = 0;
    ring<entry> entries_;
    slabs slabs_;
    std::size_t bytes_ = 0;
    std::size_t kept_bytes_ = 0;
    std::uint64_t superseded_ = 0;
    std::uint64_t lost_ = 0, last_lost_ = 0;
    std::unique_ptr<own_ids> own_ids_;
    std::unique_ptr<keyed> keyed_;
};

} // namespace rill::detail
