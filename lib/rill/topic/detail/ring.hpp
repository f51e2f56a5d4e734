#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace rill::detail {

/// A queue in one piece of memory, with access by index: what comes in at the back leaves at the front. It
/// takes no memory before the first push, and gives back what it has when it becomes empty.
template <typename T>
class ring {
public:
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Counted from the front.
    [[nodiscard]] T& operator[](std::size_t i) noexcept { return slots_[(first_ + i) & (slots_.size() - 1)]; }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept {
        return slots_[(first_ + i) & (slots_.size() - 1)];
    }
    [[nodiscard]] T& front() noexcept { return (*this)[0]; }
    [[nodiscard]] const T& front() const noexcept { return (*this)[0]; }
    [[nodiscard]] T& back() noexcept { return (*this)[size_ - 1]; }
    [[nodiscard]] const T& back() const noexcept { return (*this)[size_ - 1]; }

    /// Has room for one more; what may throw is done then.
    void reserve_one() {
        if (size_ < slots_.size()) return;
        std::vector<T> larger(slots_.empty() ? 4 : 2 * slots_.size());
        for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move((*this)[i]);
        slots_ = std::move(larger);
        first_ = 0;
    }
    void push_back(T value) {
        reserve_one();
        ++size_;
        back() = std::move(value);
    }
    void pop_front() noexcept {
        front() = T{};
        first_ = (first_ + 1) & (slots_.size() - 1);
        if (--size_ == 0) {
            slots_ = std::vector<T>{}; // {} alone would be a list, and leave the memory
            first_ = 0;
        }
    }

private:
    std::vector<T> slots_; ///< a power of two of them
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

} // namespace rill::detail
