#include "net/heap.hpp"

#include "support/sanitized.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <malloc.h>
#include <new>

namespace {

std::atomic<std::ptrdiff_t> live{0};

} // namespace

#ifdef SANITIZED

// The sanitizers have operators of their own, and tell about them.
#include <sanitizer/allocator_interface.h>

namespace {

[[maybe_unused]] const int installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { live.fetch_add(1, std::memory_order_relaxed); },
    [](const volatile void* block) { live.fetch_sub(block ? 1 : 0, std::memory_order_relaxed); });

} // namespace

#else

// All other forms of the operators come down to these.
void* operator new(std::size_t size) {
    if (void* const block = std::malloc(size > 0 ? size : 1)) {
        live.fetch_add(1, std::memory_order_relaxed);
        return block;
    }
    throw std::bad_alloc{};
}

void operator delete(void* block) noexcept {
    if (!block) return;
    live.fetch_sub(1, std::memory_order_relaxed);
    std::free(block);
}

void operator delete(void* block, std::size_t) noexcept {
    operator delete(block);
}

#endif

namespace heap {

std::ptrdiff_t blocks() noexcept {
    return live.load(std::memory_order_relaxed);
}

std::ptrdiff_t bytes() noexcept {
    ::malloc_trim(0);
    return static_cast<std::ptrdiff_t>(::mallinfo2().uordblks);
}

std::size_t descriptors() {
    const std::filesystem::directory_iterator all{"/proc/self/fd"};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

} // namespace heap
