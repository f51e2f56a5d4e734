#include <rill/client/detail/connection_pool.hpp>

#include <asio/execution/context.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace rill::detail {

/// Knows the pools that hold connections of one execution context.
class connection_pool::tenant final : public asio::execution_context::service {
public:
    using key_type = tenant;
    static asio::execution_context::id id;
    explicit tenant(asio::execution_context& context) : service{context} {}

    void enter(const std::shared_ptr<connection_pool>& pool) {
        const std::lock_guard lock{mutex_};
        std::erase_if(pools_, [](const auto& each) { return each.expired(); });
        const auto same = [&](const auto& each) {
            return !each.owner_before(pool) && !pool.owner_before(each);
        };
        if (std::ranges::none_of(pools_, same)) pools_.push_back(pool);
    }

private:
    void shutdown() noexcept override {
        std::vector<std::weak_ptr<connection_pool>> pools;
        {
            const std::lock_guard lock{mutex_};
            pools.swap(pools_);
        }
        for (const auto& each : pools)
            if (const auto pool = each.lock()) pool->drop(context());
    }

    std::mutex mutex_;
    std::vector<std::weak_ptr<connection_pool>> pools_;
};

asio::execution_context::id connection_pool::tenant::id;

namespace {

asio::execution_context& context_of(const asio::any_io_executor& executor) {
    return asio::query(executor, asio::execution::context);
}

} // namespace

std::unique_ptr<connection> connection_pool::take(std::string_view place,
                                                  const asio::any_io_executor& executor) {
    for (;;) {
        std::unique_ptr<connection> found;
        {
            const std::lock_guard lock{mutex_};
            const auto expired =
                take_expired(); // closed under the lock: `drop` waits, and the context with it
            const auto fits = [&](const entry& e) {
                return e.place == place && e.idle->executor() == executor;
            };
            const auto at = std::find_if(entries_.rbegin(), entries_.rend(), fits);
            if (at == entries_.rend()) return nullptr;
            found = std::move(at->idle);
            entries_.erase(std::next(at).base());
        }
        if (!found->stale()) return found;
    }
}

void connection_pool::put(std::string place, std::unique_ptr<connection> idle,
                          std::optional<std::chrono::milliseconds> server_time) {
    const auto time = std::min(longest_, server_time.value_or(longest_));
    if (time <= time.zero()) return;
    asio::use_service<tenant>(context_of(idle->executor())).enter(shared_from_this());
    const std::lock_guard lock{mutex_};
    auto gone = take_expired(); // closed under the lock, as in `take`
    const auto same = [&](const entry& e) { return e.place == place; };
    if (static_cast<std::size_t>(std::ranges::count_if(entries_, same)) >= most_) {
        const auto oldest = std::ranges::find_if(entries_, same);
        if (oldest == entries_.end()) return; // none are to be kept
        gone.push_back(std::move(*oldest));
        entries_.erase(oldest);
    }
    entries_.push_back({std::move(place), std::move(idle), clock::now() + time});
}

std::size_t connection_pool::size() {
    const std::lock_guard lock{mutex_};
    return entries_.size();
}

/// Under the mutex.
connection_pool::entries connection_pool::take_expired() {
    const auto now = clock::now();
    entries expired;
    auto kept = entries_.begin();
    for (auto at = kept; at != entries_.end(); ++at) {
        if (at->until <= now)
            expired.push_back(std::move(*at));
        else if (kept++ != at)
            *std::prev(kept) = std::move(*at);
    }
    entries_.erase(kept, entries_.end());
    return expired;
}

void connection_pool::drop(asio::execution_context& context) noexcept {
    const std::lock_guard lock{mutex_};
    std::erase_if(entries_, [&](const entry& e) { return &context_of(e.idle->executor()) == &context; });
}

} // namespace rill::detail
