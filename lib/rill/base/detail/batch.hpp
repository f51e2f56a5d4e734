#pragma once

#include <rill/base/detail/block.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace rill::detail {

/// Whole events, encoded, one after the other, in at most `most` pieces, so that they go out with one system
/// call.
class batch {
public:
    static constexpr std::size_t most = 8;

    [[nodiscard]] std::span<const shared_bytes> pieces() const noexcept {
        return std::span{pieces_}.first(count_);
    }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] bool full() const noexcept { return count_ == most; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Must not be called when full.
    void add(shared_bytes piece) noexcept {
        size_ += piece.bytes.size();
        pieces_[count_++] = std::move(piece);
    }
    void clear() noexcept {
        while (count_ > 0) pieces_[--count_] = {};
        size_ = 0;
        source = nullptr;
    }

    // For what fills it: whose events these are and where they stand, so that the next consumer can be given
    // the same batch if it needs just that.
    const void* source = nullptr;
    std::uint64_t from = 0, to = 0;

private:
    std::array<shared_bytes, most> pieces_;
    std::size_t count_ = 0;
    std::size_t size_ = 0;
};

} // namespace rill::detail
