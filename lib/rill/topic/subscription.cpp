#include <rill/topic/detail/access.hpp>
#include <rill/topic/detail/subscription_feed.hpp>
#include <rill/topic/subscription.hpp>

#include <utility>

namespace rill {

subscription detail::topic_access::make(std::unique_ptr<subscription_feed> feed) noexcept {
    return subscription{std::move(feed)};
}

subscription::subscription(std::unique_ptr<detail::subscription_feed> feed) noexcept
    : feed_{std::move(feed)} {}
subscription::subscription(subscription&&) noexcept = default;
subscription& subscription::operator=(subscription&&) noexcept = default;
subscription::~subscription() = default;

task<const message*> subscription::next() {
    return feed_->next();
}

task<std::span<const message>> subscription::next_batch() {
    return feed_->next_batch();
}

bool subscription::at_end() {
    return feed_->at_end();
}

subscription::operator response() && {
    if (at_end()) return status::no_content;
    return response{elements_of(std::move(*this))};
}

elements elements_of(subscription from) {
    return elements{std::move(from.feed_)};
}

} // namespace rill
