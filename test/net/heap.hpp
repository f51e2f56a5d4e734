#pragma once

#include <cstddef>

/// What the program holds of memory and of file descriptors.
namespace heap {

/// How many blocks of memory are in use, over all threads: those of `operator new`, or of all there is where
/// a sanitizer counts.
[[nodiscard]] std::ptrdiff_t blocks() noexcept;

/// How many bytes of `malloc` are in use; 0 where a sanitizer has its own.
[[nodiscard]] std::ptrdiff_t bytes() noexcept;

/// How many file descriptors are open.
[[nodiscard]] std::size_t descriptors();

} // namespace heap
