#pragma once

#include <cstddef>

namespace rill::detail {

/// Has `bytes` of memory from `at` on, or nothing at null, come closer to the processor while it does
/// something else.
inline void prefetch([[maybe_unused]] const void* at, [[maybe_unused]] std::size_t bytes = 1) noexcept {
#ifdef __GNUC__
    if (!at) return;
    constexpr std::size_t line = 64;
    const auto* const begin = static_cast<const char*>(at);
    for (std::size_t done = 0; done + 1 < bytes; done += line) __builtin_prefetch(begin + done);
    __builtin_prefetch(begin + bytes - 1); // may lie in one line more
    // GCC drops calls of functions that do nothing but prefetch.
    asm volatile("");
#endif
}

} // namespace rill::detail
