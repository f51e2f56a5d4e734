#include <rill/base/clock.hpp>
#include <rill/base/error.hpp>
#include <rill/base/text.hpp>
#include <rill/topic/detail/access.hpp>
#include <rill/topic/detail/core.hpp>
#include <rill/topic/error.hpp>
#include <rill/topic/topics.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>

namespace rill {
namespace {

constexpr std::size_t longest_name = 128;

/// Looking through all topics for those to drop is done so often at most.
constexpr std::chrono::seconds between_sweeps{1};

} // namespace

class topics::impl {
public:
    explicit impl(const topics_options& options) : options_{options} {
        if (options.max_topics == 0) throw std::invalid_argument{"a registry has at least one topic"};
        static_cast<void>(topic{options.each}); // throws what `open` would throw
    }

    std::shared_ptr<topic> open(std::string_view name) {
        const std::lock_guard lock{mutex_};
        sweep();
        if (const auto found = all_.find(name); found != all_.end()) {
            detail::topic_access::core(*found->second)->touch();
            return found->second;
        }
        if (name.empty() || name.size() > longest_name || !is_utf8(name))
            throw topic_error{topic_errc::name_not_allowed};
        if (all_.size() >= options_.max_topics && !drop_oldest())
            throw topic_error{topic_errc::too_many_topics};
        return all_.emplace(name, std::make_shared<topic>(options_.each)).first->second;
    }

    std::shared_ptr<topic> find(std::string_view name) const {
        const std::lock_guard lock{mutex_};
        const auto found = all_.find(name);
        return found != all_.end() ? found->second : nullptr;
    }

    std::vector<entry> list() {
        const std::lock_guard lock{mutex_};
        sweep();
        std::vector<entry> entries;
        for (const auto& [name, topic] : all_) entries.emplace_back(name, topic->statistics());
        return entries;
    }

    topic_statistics statistics() const {
        const std::lock_guard lock{mutex_};
        auto sum = dropped_;
        for (const auto& [name, topic] : all_) sum += topic->statistics();
        return sum;
    }

private:
    using named = std::map<std::string, std::shared_ptr<topic>, std::less<>>;

    /// Since when a topic was of no use to anybody. Nobody gets at it but by this registry, which is locked.
    static std::optional<time_point> idle_since(const std::shared_ptr<topic>& topic) {
        if (topic.use_count() > 1) return std::nullopt;
        return detail::topic_access::core(*topic)->unused_since();
    }

    void drop(named::iterator which) {
        dropped_ += which->second->statistics();
        all_.erase(which);
    }

    void sweep() {
        const auto now = clock::now();
        if (now < next_sweep_) return;
        next_sweep_ = now + between_sweeps;
        if (options_.each.keep_age >= std::chrono::years{100}) return; // and a sum of it may overflow
        for (auto at = all_.begin(); at != all_.end();) {
            const auto each = at++;
            if (const auto since = idle_since(each->second); since && now - *since > options_.each.keep_age)
                drop(each);
        }
    }

    bool drop_oldest() {
        auto oldest = all_.end();
        time_point oldest_time = time_point::max();
        for (auto at = all_.begin(); at != all_.end(); ++at)
            if (const auto since = idle_since(at->second); since && *since < oldest_time) {
                oldest = at;
                oldest_time = *since;
            }
        if (oldest == all_.end()) return false;
        drop(oldest);
        return true;
    }

    const topics_options options_;
    mutable std::mutex mutex_;
    named all_;
    topic_statistics dropped_; ///< of topics that are no more
    time_point next_sweep_{};
};

topics::topics(const topics_options& options) : impl_{std::make_unique<impl>(options)} {}
topics::~topics() = default;

std::shared_ptr<topic> topics::open(std::string_view name) {
    return impl_->open(name);
}

std::shared_ptr<topic> topics::find(std::string_view name) const {
    return impl_->find(name);
}

subscription topics::subscribe(std::span<const std::string_view> names, const request& request,
                               const subscribe_options& options) {
    std::vector<std::shared_ptr<topic>> held;
    std::vector<topic*> followed;
    for (const auto name : names) followed.push_back(held.emplace_back(open(name)).get());
    return rill::subscribe(followed, request, options);
}

std::vector<topics::entry> topics::list() const {
    return impl_->list();
}

topic_statistics topics::statistics() const {
    return impl_->statistics();
}

} // namespace rill
