#pragma once

#include <rill/base/detail/block.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>

namespace rill::detail {

/// What the topics of one registry may have together: so many of them may have events, which may take so much
/// memory. A topic says what it has, and asks for room; the registry knows whom to take it from.
///
/// For any thread, and without locks but for `make_room` and `reclaim`, which lock one topic after the other.
class topic_budget {
public:
    topic_budget(std::size_t topics, std::size_t bytes) noexcept
        : most_topics_{topics}, most_bytes_{bytes}, reclaim_at_{bytes} {}
    topic_budget(const topic_budget&) = delete;
    topic_budget& operator=(const topic_budget&) = delete;
    virtual ~topic_budget() = default;

    /// A topic without events is to get one. False if there are too many that have some.
    [[nodiscard]] bool enter() noexcept {
        if (topics_.fetch_add(1, std::memory_order_relaxed) < most_topics_) return true;
        leave();
        return false;
    }
    /// A topic has no events left.
    void leave() noexcept { topics_.fetch_sub(1, std::memory_order_relaxed); }

    /// Counts the slabs of all topics, those that readers hold included.
    [[nodiscard]] const std::shared_ptr<block_tally>& slabs() const noexcept { return slabs_; }
    /// A topic takes other memory than before, beside its slabs.
    void change_overhead(std::size_t before, std::size_t now) noexcept {
        overhead_.fetch_add(now - before,
                            std::memory_order_relaxed); // which may wrap, and then does so twice
    }

    /// Whether there is so much that `reclaim` is to be called.
    [[nodiscard]] bool exceeded() const noexcept {
        return used() > reclaim_at_.load(std::memory_order_relaxed);
    }

    /// Looks for topics whose events are all too old.
    virtual void make_room() = 0;
    /// Takes memory back.
    virtual void reclaim() = 0;

protected:
    [[nodiscard]] std::size_t most_bytes() const noexcept { return most_bytes_; }
    [[nodiscard]] std::size_t used() const noexcept {
        return slabs_->bytes() + overhead_.load(std::memory_order_relaxed);
    }
    /// What could not be taken back, since readers hold it, is no reason to try again at once.
    void reclaimed() noexcept {
        reclaim_at_.store(std::max(most_bytes_, used() + most_bytes_ / 16), std::memory_order_relaxed);
    }

private:
    const std::size_t most_topics_, most_bytes_;
    std::atomic<std::size_t> topics_{0};
    const std::shared_ptr<block_tally> slabs_ = std::make_shared<block_tally>();
    std::atomic<std::size_t> overhead_{0};
    std::atomic<std::size_t> reclaim_at_;
};

} // namespace rill::detail
