#include <rill/base/detail/block.hpp>

#include <algorithm>
#include <new>

namespace rill::detail {

block::block(std::size_t capacity)
    : memory_{new(::operator new(sizeof(memory) + capacity)) memory{.owners{1}, .capacity = capacity}} {}

block::block(std::string_view bytes) : block{bytes.size()} {
    std::ranges::copy(bytes, data());
}

void block::free() noexcept {
    memory_->~memory();
    ::operator delete(memory_);
}

} // namespace rill::detail
