#pragma once

#include <rill/base/clock.hpp>
#include <rill/base/detail/block.hpp>
#include <rill/sse/event.hpp>
#include <rill/topic/detail/position.hpp>
#include <rill/topic/detail/ring.hpp>
#include <rill/topic/topic.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace rill::detail {

/// The log of a topic: encoded events, numbered from 1, bounded by count, bytes and age.
///
/// The events lie one after the other in slabs, so that all that a reader lacks is a few ranges of bytes:
///
///     slabs     │ 1 │ 2 │ 3 │ 4 ... full │──▶│ 17 │ 18 │ 19 │      room │
///     entries     ▲   ▲   ▲   ▲                 ▲    ▲    ▲ last()
///              first()
///
/// Bytes once written never change, and readers on other threads may hold on to their slab. The log itself
/// belongs to one thread at a time.
class history {
public:
    struct key_state {
        std::string name;
        std::uint64_t newest = 0; ///< the number of its newest event
        std::size_t uses = 0;     ///< events in the log, or kept beyond it
    };

    /// What is known of an event beside its bytes.
    struct entry {
        std::uint32_t slab = 0; ///< counted over the life of the log
        std::uint32_t offset = 0;
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

    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
    /// The number of the oldest event in the log, `last() + 1` if there is none.
    [[nodiscard]] std::uint64_t first() const noexcept { return last_ + 1 - entries_.size(); }
    /// The number of the last event ever appended.
    [[nodiscard]] std::uint64_t last() const noexcept { return last_; }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_ + kept_bytes_; }
    [[nodiscard]] bool holds_nothing() const noexcept { return entries_.empty() && kept().empty(); }

    /// The memory that its slabs take.
    [[nodiscard]] std::size_t slab_bytes() const noexcept { return slab_bytes_; }
    /// The memory that slabs take which have left it, but which readers hold still.
    [[nodiscard]] std::size_t pinned() const noexcept {
        const auto alive = tally_->bytes();
        return alive > slab_bytes_ ? alive - slab_bytes_ : 0;
    }
    /// The memory that it takes beside the slabs, roughly.
    [[nodiscard]] std::size_t overhead() const noexcept;
    [[nodiscard]] std::size_t memory() const noexcept { return slab_bytes_ + overhead(); }

    /// From `first()` to `last()`.
    [[nodiscard]] const entry& operator[](std::uint64_t sequence) const noexcept {
        return entries_[sequence - first()];
    }
    [[nodiscard]] std::string_view bytes_of(const entry& e) const noexcept;
    /// The slab that `e` lies in.
    [[nodiscard]] const block& slab_of(const entry& e) const noexcept {
        return slabs_[static_cast<std::uint32_t>(e.slab - slabs_dropped_)].memory;
    }

    /// The event in the log that a publisher gave this id.
    [[nodiscard]] std::optional<std::uint64_t> find(std::string_view own_id) const;
    /// Whether a publisher ever gave an id.
    [[nodiscard]] bool has_own_ids() const noexcept { return own_ids_ != nullptr; }

    /// Adds an event, and gives its id. Throws as `topic::publish` does, and is then as before.
    std::string append(const event& e, const publish_options& options, time_point now);

    /// Drops what the bounds say; but what only count and age would drop stays from the number `needed` on.
    void trim(time_point now, std::uint64_t needed);

    /// Drops the oldest events, whatever the bounds say, and then those that are kept beyond the log, until
    /// as much memory is free, or nothing is left.
    void shrink(std::size_t bytes);

    /// With `lag_policy::latest`: the newest events of keys whose events have left the log, by number.
    [[nodiscard]] const kept_values& kept() const noexcept;
    /// So many of them `shrink` has dropped ever, and no older one than `last_lost` is kept.
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }
    [[nodiscard]] std::uint64_t last_lost() const noexcept { return last_lost_; }

private:
    struct slab {
        block memory;
        std::size_t used = 0;
    };
    struct keyed {
        std::unordered_map<std::string_view, std::unique_ptr<key_state>> states; ///< by their own names
        kept_values kept;
    };
    using own_ids = std::unordered_map<std::string_view, std::uint64_t>; ///< views into the slabs

    void check_own_id(std::string_view id) const;
    [[nodiscard]] key_state* key_named(std::string_view name);
    void make_room(std::size_t size);
    void supersede(key_state& key, std::uint64_t by);
    void release(key_state& key) noexcept;
    void drop_first();
    void drop_first_kept();

    const topic_options options_;
    const std::uint64_t epoch_ = random_epoch();
    std::uint64_t last_ = 0;
    ring<entry> entries_;
    ring<slab> slabs_;
    std::uint32_t slabs_dropped_ = 0;
    std::size_t bytes_ = 0;
    std::size_t kept_bytes_ = 0;
    const std::shared_ptr<block_tally> tally_;
    std::size_t slab_bytes_ = 0;
    std::uint64_t lost_ = 0, last_lost_ = 0;
    std::unique_ptr<own_ids> own_ids_;
    std::unique_ptr<keyed> keyed_;
};

} // namespace rill::detail
