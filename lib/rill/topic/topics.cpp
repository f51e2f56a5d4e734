#include <rill/base/clock.hpp>
#include <rill/base/error.hpp>
#include <rill/base/text.hpp>
#include <rill/topic/detail/access.hpp>
#include <rill/topic/detail/core.hpp>
#include <rill/topic/detail/topic_budget.hpp>
#include <rill/topic/error.hpp>
#include <rill/topic/topics.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

namespace rill {
namespace {

using detail::topic_access;
using detail::topic_core;

constexpr std::size_t longest_name = 128;

/// So many topics are looked at when one of them might go: never all of them while others wait.
constexpr int looks = 8;

/// What the topics of a registry are made with.
topic_options limited(const topics_options& options) {
    auto each = options.each;
    each.keep_bytes = std::min(each.keep_bytes, options.max_bytes - options.max_bytes / 4);
    return each;
}

} // namespace

/// Its topics are in an order, too: in front is what was asked for longest ago. Those that turn out to be in
/// use go to the back when somebody looks for one to drop.
class topics::impl final : public detail::topic_budget, public std::enable_shared_from_this<impl> {
public:
    explicit impl(const topics_options& options)
        : topic_budget{options.max_topics, options.max_bytes},
          max_topics_{options.max_topics},
          each_{limited(options)} {
        if (options.max_topics == 0) throw std::invalid_argument{"a registry has at least one topic"};
        if (options.max_bytes == 0) throw std::invalid_argument{"a registry has at least some bytes"};
        static_cast<void>(topic{options.each}); // throws what `open` would throw
    }

    std::shared_ptr<topic> open(std::string_view name) {
        const std::lock_guard lock{mutex_};
        if (const auto found = all_.find(name); found != all_.end()) {
            topic_access::core(*found->second.topic)->touch();
            use(found->second);
            return found->second.topic;
        }
        if (name.empty() || name.size() > longest_name || !is_utf8(name))
            throw topic_error{topic_errc::name_not_allowed};
        drop_idle(all_.size() >= max_topics_ ? 1 : 0);
        auto made = topic_access::make(std::make_shared<topic_core>(each_, shared_from_this()));
        const auto at = all_.emplace(name, named{made, {}, clock::now()}).first;
        at->second.place = order_.insert(order_.end(), at);
        return made;
    }

    std::shared_ptr<topic> find(std::string_view name) const {
        const std::lock_guard lock{mutex_};
        const auto found = all_.find(name);
        return found != all_.end() ? found->second.topic : nullptr;
    }

    std::vector<entry> list() {
        std::vector<std::pair<std::string, std::shared_ptr<topic>>> all;
        {
            const std::lock_guard lock{mutex_};
            for (int times = 0; times < looks; ++times) drop_idle(0);
            all.reserve(all_.size());
            for (const auto& [name, each] : all_) all.emplace_back(name, each.topic);
        }
        std::vector<entry> entries;
        entries.reserve(all.size());
        for (auto& [name, topic] : all) entries.emplace_back(std::move(name), topic->statistics());
        return entries;
    }

    topic_statistics statistics() const {
        topic_statistics sum;
        for (const auto& core : cores(&sum)) sum += core->statistics();
        return sum;
    }

    /// Topics that are held elsewhere go on without the registry.
    void close() {
        const std::lock_guard lock{mutex_};
        order_.clear();
        all_.clear();
    }

    void make_room() override {
        const std::lock_guard lock{mutex_};
        for (int times = 0; times < looks && !order_.empty(); ++times) {
            auto& oldest = order_.front()->second;
            static_cast<void>(topic_access::core(*oldest.topic)->unused_since()); // drops what is too old
            use(oldest);
        }
    }

    void reclaim() override {
        const std::unique_lock lock{reclaiming_, std::try_to_lock};
        if (!lock || !exceeded()) return;
        const auto all = cores();
        std::vector<weight> weights;
        std::size_t pinned = 0;
        for (const auto& core : all) {
            const auto load = core->weigh();
            pinned += load.pinned;
            if (load.memory > 0) weights.push_back({load.memory, load.oldest, core.get()});
        }
        if (pinned > most_bytes() / 4)
            for (const auto& core : all) core->cut_slowest();
        const auto wanted = most_bytes() - most_bytes() / 8;
        if (const auto now = used() - std::min(pinned, most_bytes() / 4); now > wanted)
            take_from_largest(weights, now - wanted);
        reclaimed();
    }

private:
    struct named;
    using by_name = std::map<std::string, named, std::less<>>;
    using in_order = std::list<by_name::iterator>;
    struct named {
        std::shared_ptr<rill::topic> topic;
        in_order::iterator place;
        time_point used; ///< when it came to its place
    };

    /// What a topic has that may be taken from it.
    struct weight {
        std::size_t memory;
        time_point oldest;
        topic_core* core;

        static constexpr std::size_t about_the_same = std::size_t{64} << 10;
        /// The largest goes first, and of those that are as large the one with the oldest event.
        static bool is_less(const weight& a, const weight& b) noexcept {
            const auto x = a.memory / about_the_same, y = b.memory / about_the_same;
            return x != y ? x < y : a.oldest > b.oldest;
        }
    };

    /// Takes so many bytes from the topics that have most.
    static void take_from_largest(std::vector<weight>& weights, std::size_t bytes) {
        std::ranges::make_heap(weights, weight::is_less);
        for (std::size_t freed = 0; freed < bytes && !weights.empty();) {
            std::ranges::pop_heap(weights, weight::is_less);
            auto& largest = weights.back();
            const auto next = weights.size() > 1 ? weights.front().memory : 0;
            const auto difference = largest.memory - std::min(largest.memory, next);
            const auto gone =
                largest.core->shrink(std::min(bytes - freed, std::max(difference, weight::about_the_same)));
            freed += gone;
            const auto load = largest.core->weigh();
            if (gone == 0 || load.memory == 0) {
                weights.pop_back();
            } else {
                largest.memory = load.memory;
                largest.oldest = load.oldest;
                std::ranges::push_heap(weights, weight::is_less);
            }
        }
    }

    /// With what those did that are no more, if that is asked for.
    std::vector<std::shared_ptr<topic_core>> cores(topic_statistics* dropped = nullptr) const {
        const std::lock_guard lock{mutex_};
        if (dropped) *dropped = dropped_;
        std::vector<std::shared_ptr<topic_core>> all;
        all.reserve(all_.size());
        for (const auto& [name, each] : all_) all.push_back(topic_access::core(*each.topic));
        return all;
    }

    void use(named& each) {
        each.used = clock::now();
        order_.splice(order_.end(), order_, each.place);
    }

    /// Drops the topic in front if it is idle and old enough, or, if `wanted`, one that is idle. Nobody gets
    /// at it but by this registry, which is locked.
    void drop_idle(int wanted) {
        for (int left = looks; left > 0 && !order_.empty(); --left) {
            const auto oldest = order_.front();
            auto& each = oldest->second;
            const auto since =
                each.topic.use_count() > 1 ? std::nullopt : topic_access::core(*each.topic)->unused_since();
            if (since && *since <= each.used) {
                const bool too_old =
                    each_.keep_age < std::chrono::years{100} && clock::now() - *since > each_.keep_age;
                if (!too_old && wanted == 0) return;
                dropped_ += each.topic->statistics();
                order_.pop_front();
                all_.erase(oldest);
                return;
            }
            use(each);
            if (since) each.used = *since;
            if (wanted == 0) return;
        }
    }

    const std::size_t max_topics_;
    const topic_options each_;
    mutable std::mutex mutex_;
    by_name all_;
    in_order order_;
    topic_statistics dropped_; ///< of topics that are no more
    std::mutex reclaiming_;
};

topics::topics(const topics_options& options) : impl_{std::make_shared<impl>(options)} {}

topics::~topics() {
    impl_->close();
}

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
