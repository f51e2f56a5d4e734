#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace rill::detail {

/// Counts the bytes of blocks that are alive, and those of a whole that these are a part of. For any thread.
class block_tally {
public:
    explicit block_tally(std::shared_ptr<block_tally> whole = {}) noexcept : whole_{std::move(whole)} {}

    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

private:
    friend class block;
    void add(std::size_t bytes) noexcept {
        for (auto* each = this; each; each = each->whole_.get())
            each->bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
    void subtract(std::size_t bytes) noexcept {
        for (auto* each = this; each; each = each->whole_.get())
            each->bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    }

    std::atomic<std::size_t> bytes_{0};
    const std::shared_ptr<block_tally> whole_;
};

/// A piece of memory that is written once, from front to back, and read by any thread; the last of its owners
/// frees it. What has been handed to readers is never changed again.
///
/// One `block` object belongs to one thread at a time, as with `std::shared_ptr`; its copies are free to go
/// to others.
///
///     block ──► owners │ capacity │ tally │ bytes ...
class block {
public:
    block() noexcept = default;
    /// Room for `capacity` bytes, not yet written. `tally` counts them as long as any owner is left.
    explicit block(std::size_t capacity, std::shared_ptr<block_tally> tally = {});
    /// A copy of `bytes`.
    explicit block(std::string_view bytes, std::shared_ptr<block_tally> tally = {});

    block(const block& other) noexcept : memory_{other.memory_} {
        if (memory_ != nullptr) memory_->owners.fetch_add(1, std::memory_order_relaxed);
    }
    block(block&& other) noexcept : memory_{std::exchange(other.memory_, nullptr)} {}
    block& operator=(block other) noexcept {
        std::swap(memory_, other.memory_);
        return *this;
    }
    ~block() {
        // Whoever frees it must see the other owners' reads done: release on theirs, acquire on ours.
        if (memory_ != nullptr && memory_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) free();
    }

    [[nodiscard]] explicit operator bool() const noexcept { return memory_ != nullptr; }
    /// Whether it has memory that no other block shares. Only this block can change that.
    [[nodiscard]] bool is_sole() const noexcept {
        return memory_ != nullptr && memory_->owners.load(std::memory_order_acquire) == 1;
    }
    /// From now on `tally` counts it, or none does. Only for a sole owner.
    void count_in(std::shared_ptr<block_tally> tally) noexcept;
    [[nodiscard]] std::size_t capacity() const noexcept { return memory_ != nullptr ? memory_->capacity : 0; }
    /// Null if there is no memory.
    [[nodiscard]] char* data() const noexcept {
        return memory_ != nullptr ? reinterpret_cast<char*>(memory_ + 1) : nullptr;
    }

    /// Gives up the memory, and with it a share of its ownership, for `owned` to take back. Null if there is
    /// none. So a public class can hold a block, and need not show this one.
    [[nodiscard]] void* release() noexcept { return std::exchange(memory_, nullptr); }
    /// Takes over what `release` gave.
    [[nodiscard]] static block owned(void* released) noexcept {
        block taken;
        taken.memory_ = static_cast<memory*>(released);
        return taken;
    }

private:
    struct memory {
        std::atomic<std::size_t> owners;
        std::size_t capacity;
        std::shared_ptr<block_tally> tally;
    };
    void free() noexcept;

    memory* memory_ = nullptr;
};

/// A part of a block, and a share of its ownership.
struct shared_bytes {
    shared_bytes() = default;
    shared_bytes(block owner_, std::string_view bytes_) noexcept : owner{std::move(owner_)}, bytes{bytes_} {}
    /// The whole of a block that is full.
    explicit shared_bytes(block whole) noexcept
        : owner{std::move(whole)}, bytes{owner.data(), owner.capacity()} {}

    block owner;
    std::string_view bytes;
};

} // namespace rill::detail
