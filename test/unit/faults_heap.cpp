#include "faults_heap.hpp"

#include "support/sanitized.hpp"

#include <cstdlib>
#include <new>

namespace {

thread_local std::ptrdiff_t live = 0;
thread_local int left = -1, sparing = 0;
thread_local bool refused = false;

} // namespace

// AddressSanitizer sees the memory all the same, since it watches `malloc`.
#ifndef SLOW

namespace {

void* take(std::size_t size) noexcept {
    if (sparing == 0 && left >= 0) {
        --left;
        if (left < 0) {
            refused = true;
            return nullptr;
        }
    }
    void* const block = std::malloc(size > 0 ? size : 1);
    if (block) ++live;
    return block;
}

} // namespace

// All other forms of the operators come down to these.
void* operator new(std::size_t size) {
    if (void* const block = take(size)) return block;
    throw std::bad_alloc{};
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return take(size);
}
void* operator new[](std::size_t size) {
    return operator new(size);
}

void operator delete(void* block) noexcept {
    if (!block) return;
    --live;
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
    operator delete(block);
}
void operator delete[](void* block) noexcept {
    operator delete(block);
}
void operator delete[](void* block, std::size_t) noexcept {
    operator delete(block);
}

#endif

namespace heap {

bool is_watched() noexcept {
#ifdef SLOW
    return false;
#else
    return true;
#endif
}

std::ptrdiff_t blocks() noexcept {
    return live;
}

void refuse_one_after(int blocks) noexcept {
    refused = false;
    left = blocks;
}

bool will_refuse() noexcept {
    return left >= 0;
}

bool refuse_none() noexcept {
    left = -1;
    return refused;
}

spared::spared() noexcept {
    ++sparing;
}
spared::~spared() {
    --sparing;
}

} // namespace heap
