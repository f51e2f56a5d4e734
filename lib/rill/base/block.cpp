#include <rill/base/detail/block.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace rill::detail {

block::block(std::size_t capacity, std::shared_ptr<block_tally> tally)
    : memory_{new(::operator new(sizeof(memory) + capacity))
                  memory{.owners{1}, .capacity = capacity, .tally = std::move(tally)}} {
    if (memory_->tally) memory_->tally->add(capacity);
}

block::block(std::string_view bytes, std::shared_ptr<block_tally> tally)
    : block{bytes.size(), std::move(tally)} {
    std::ranges::copy(bytes, data());
}

void block::count_in(std::shared_ptr<block_tally> tally) noexcept {
    if (memory_->tally) memory_->tally->subtract(memory_->capacity);
    memory_->tally = std::move(tally);
    if (memory_->tally) memory_->tally->add(memory_->capacity);
}

void block::free() noexcept {
    if (memory_->tally) memory_->tally->subtract(memory_->capacity);
    memory_->~memory();
    ::operator delete(memory_);
}

} // namespace rill::detail
