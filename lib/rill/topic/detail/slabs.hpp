#pragma once

#include <rill/base/detail/block.hpp>
#include <rill/topic/detail/ring.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace rill::detail {

/// The memory of a log: blocks in which the events lie one after the other. They are filled at the back, and
/// given up at the front.
///
/// Bytes once written never change, and readers on other threads may hold on to their slab. What is given up
/// is not freed here, since that takes long for a large block, but by the caller of `take_released`.
class slabs {
public:
    /// No slab has more bytes, but for one that belongs to a single event.
    static constexpr std::size_t largest = std::size_t{64} << 10;

    /// Where an event lies.
    struct place {
        std::uint32_t slab = 0; ///< counted over the life of the log, and around when there were 2^32
        std::uint32_t offset = 0;
    };

    /// `keep_bytes` is what the log may hold; `whole` counts these bytes as a part of more.
    slabs(std::size_t keep_bytes, std::shared_ptr<block_tally> whole);

    /// The memory that they take.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// The memory of slabs that were given up, but which readers still hold.
    [[nodiscard]] std::size_t pinned() const noexcept {
        const auto alive = tally_->bytes();
        return alive > bytes_ ? alive - bytes_ : 0;
    }

    [[nodiscard]] const block& operator[](std::uint32_t slab) const noexcept {
        return all_[static_cast<std::uint32_t>(slab - given_up_)].memory;
    }
    /// The number of the slab that would come next.
    [[nodiscard]] std::uint32_t next() const noexcept {
        return given_up_ + static_cast<std::uint32_t>(all_.size());
    }

    /// Makes room for `size` bytes, and returns it; `held` is what the log holds now. A slab is as large as
    /// that, so that a topic which keeps little costs little, however long it is published to.
    [[nodiscard]] char* make_room(std::size_t size, std::size_t held);
    /// The first `size` bytes of that room are written.
    [[nodiscard]] place fill(std::size_t size) noexcept {
        const auto at = std::exchange(all_.back().used, all_.back().used + size);
        return {next() - 1, static_cast<std::uint32_t>(at)};
    }

    /// Makes room for one more slab, so that `adopt` cannot fail.
    void reserve_one() { all_.reserve_one(); }
    /// Takes over a block at the end of which there is an event of `size` bytes.
    [[nodiscard]] place adopt(block memory, std::size_t size) noexcept;

    /// Gives up those before `slab`.
    void drop_before(std::uint32_t slab) noexcept;

    /// What keeps the event `bytes`, which lies in `slab`, when that slab is given up.
    [[nodiscard]] shared_bytes keep(std::uint32_t slab, std::string_view bytes) const;
    /// It counts as memory, too, from `add` to `drop`.
    void add(const shared_bytes& kept) noexcept { bytes_ += kept.owner.capacity(); }
    void drop(shared_bytes kept) noexcept;

    /// What was given up or dropped since the last call.
    [[nodiscard]] std::vector<block> take_released() noexcept { return std::exchange(released_, {}); }

private:
    struct slab {
        block memory;
        std::size_t used = 0;
    };
    void release(block memory) noexcept;

    const std::size_t bound_; ///< of the size of a slab
    const std::shared_ptr<block_tally> tally_;
    ring<slab> all_;
    std::uint32_t given_up_ = 0;
    std::size_t bytes_ = 0;
    std::vector<block> released_;
};

} // namespace rill::detail
