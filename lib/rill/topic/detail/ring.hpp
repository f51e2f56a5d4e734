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

    /// Values that it has memory for.
    [[nodiscard]] std::size_t capacity() const noexcept { return slots_.size(); }

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
        if (size_ == slots_.size()) resize(slots_.empty() ? 4 : 2 * slots_.size());
    }
    /// Gives back memory of which less than a quarter is needed.
    void shrink() {
        auto enough = slots_.size();
        while (enough > 4 && size_ < enough / 4) enough /= 2;
        if (enough < slots_.size()) resize(enough);
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
    void resize(std::size_t slots) {
        std::vector<T> moved(slots);
        for (std::size_t i = 0; i < size_; ++i) moved[i] = std::move((*this)[i]);
        slots_ = std::move(moved);
        first_ = 0;
    }

    std::vector<T> slots_; ///< a power of two of them
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

} // namespace rill::detail
