#pragma once

#include <rill/net/detail/shard.hpp>

#include <atomic>
#include <cstddef>
#include <utility>

namespace rill::detail {

/// What one body holds, as long as it is still coming, of the memory that there is for all of them together:
/// `limits::max_bodies`. A body that comes with its head never counts.
class body_share {
public:
    explicit body_share(const service& common) noexcept : common_{common} {}
    body_share(const body_share&) = delete;
    body_share& operator=(const body_share&) = delete;
    ~body_share() { release(); }

    /// It holds so many bytes now. False if that is too much beside what others hold: then it counts no more.
    [[nodiscard]] bool hold(std::size_t bytes) noexcept {
        if (bytes == held_) return true;
        const auto more = bytes - std::exchange(held_, bytes);
        const auto all = common_.bodies.fetch_add(more, std::memory_order_relaxed) + more;
        if (all <= common_.bounds.max_bodies || all == held_) return true;
        release();
        return false;
    }
    void release() noexcept {
        if (held_ != 0) common_.bodies.fetch_sub(std::exchange(held_, 0), std::memory_order_relaxed);
    }

private:
    const service& common_;
    std::size_t held_ = 0;
};

} // namespace rill::detail
