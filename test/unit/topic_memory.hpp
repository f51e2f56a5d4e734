#pragma once

#include <cstddef>

/// The memory that this thread takes of `operator new`.
namespace memory {

/// False where a sanitizer has operators of its own.
[[nodiscard]] bool is_watched() noexcept;

/// Blocks taken and not given back.
[[nodiscard]] std::ptrdiff_t blocks() noexcept;

/// Bytes of them, as the allocator rounds them.
[[nodiscard]] std::ptrdiff_t bytes() noexcept;

/// So many blocks more there are, and then none.
void refuse_after(int blocks) noexcept;
void refuse_none() noexcept;

} // namespace memory
