#include <rill/sse/detail/layout.hpp>
#include <rill/sse/frame.hpp>

#include <atomic>
#include <cstddef>
#include <new>

namespace rill {

/// What stands before the bytes, in the same piece of memory:
///
///     frame ──► owners │ size │ id: 7 ⏎ data: x ⏎ ⏎
struct frame::block {
    std::atomic<std::size_t> owners{1};
    std::size_t size;

    [[nodiscard]] char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
};

frame::frame(const event& e) {
    const auto l = detail::lay_out(e);
    block_ = new (::operator new(sizeof(block) + l.size)) block{.size = l.size};
    detail::write(block_->bytes(), e, l);
}

frame::frame(const frame& other) noexcept : block_{other.block_} {
    if (block_ != nullptr) block_->owners.fetch_add(1, std::memory_order_relaxed);
}

frame::~frame() {
    // Whoever frees the block must see the other owners' reads done: release on theirs, acquire on ours.
    if (block_ == nullptr || block_->owners.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    block_->~block();
    ::operator delete(block_);
}

std::string_view frame::bytes() const noexcept {
    return block_ != nullptr ? std::string_view{block_->bytes(), block_->size} : std::string_view{};
}

} // namespace rill
