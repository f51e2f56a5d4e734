#include "topic_memory.hpp"

#include "support/sanitized.hpp"

#include <cstddef>
#include <cstdlib>
#include <malloc.h>
#include <new>

namespace {

thread_local std::ptrdiff_t live = 0, live_bytes = 0;
thread_local int left = -1;

} // namespace

#ifndef SANITIZED

// All other forms of the operators come down to these.
void* operator new(std::size_t size) {
    if (left == 0) throw std::bad_alloc{};
    if (left > 0) --left;
    if (void* const block = std::malloc(size > 0 ? size : 1)) {
        ++live;
        live_bytes += static_cast<std::ptrdiff_t>(malloc_usable_size(block));
        return block;
    }
    throw std::bad_alloc{};
}

void operator delete(void* block) noexcept {
    if (!block) return;
    --live;
    live_bytes -= static_cast<std::ptrdiff_t>(malloc_usable_size(block));
    std::free(block);
}

void operator delete(void* block, std::size_t) noexcept {
    operator delete(block);
}

#endif

namespace memory {

bool is_watched() noexcept {
#ifdef SANITIZED
    return false;
#else
    return true;
#endif
}

std::ptrdiff_t blocks() noexcept {
    return live;
}

std::ptrdiff_t bytes() noexcept {
    return live_bytes;
}

void refuse_after(int blocks) noexcept {
    left = blocks;
}

void refuse_none() noexcept {
    left = -1;
}

} // namespace memory
