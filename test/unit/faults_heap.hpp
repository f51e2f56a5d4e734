#pragma once

#include <cstddef>

/// Memory of `operator new`, on this thread, of which a test refuses some.
namespace heap {

/// False where a sanitizer needs operators of its own.
[[nodiscard]] bool is_watched() noexcept;

/// Blocks that are taken and not given back.
[[nodiscard]] std::ptrdiff_t blocks() noexcept;

/// The block behind so many others is refused, and no other one.
void refuse_one_after(int blocks) noexcept;
/// Whether one is still to be refused.
[[nodiscard]] bool will_refuse() noexcept;
/// No block is refused any more. True if one was since `refuse_one_after`.
bool refuse_none() noexcept;

/// While one lives, nothing is refused, and nothing counted: what takes memory is the test's own.
class spared {
public:
    spared() noexcept;
    spared(const spared&) = delete;
    spared& operator=(const spared&) = delete;
    ~spared();
};

} // namespace heap
