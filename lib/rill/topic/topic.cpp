#include <rill/app/request.hpp>
#include <rill/base/error.hpp>
#include <rill/topic/detail/access.hpp>
#include <rill/topic/detail/subscription_feed.hpp>
#include <rill/topic/error.hpp>
#include <rill/topic/topic.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace rill {
namespace {

// An id of them all has to fit into what a client can send back.
static_assert(most_topics_followed *
                  (detail::position::epoch_digits + 1 + detail::position::most_digits + 1) <=
              256);

} // namespace

topic::topic(const topic_options& options) : topic{std::make_shared<detail::topic_core>(options)} {}

topic::topic(std::shared_ptr<detail::topic_core> core) noexcept : core_{std::move(core)} {}

const std::shared_ptr<detail::topic_core>& detail::topic_access::core(const topic& t) noexcept {
    return t.core_;
}

std::shared_ptr<topic> detail::topic_access::make(std::shared_ptr<topic_core> core) {
    return std::shared_ptr<topic>{new topic{std::move(core)}};
}

topic::~topic() {
    close();
}

std::string topic::publish(const event& e, const publish_options& options) try {
    return core_->publish(e, options);
} catch (const error& why) { // the log knows no status
    throw topic_error{why};
}

subscription topic::subscribe(const request& request, const subscribe_options& options) {
    return subscribe(request.last_event_id(), options);
}

subscription topic::subscribe(std::string_view last_event_id, const subscribe_options& options) {
    return detail::topic_access::make(
        std::make_unique<detail::subscription_feed>(std::span{&core_, 1}, last_event_id, options));
}

void topic::close() noexcept {
    core_->close();
}

topic_statistics topic::statistics() const {
    return core_->statistics();
}

subscription subscribe(std::span<topic* const> topics, const request& request,
                       const subscribe_options& options) {
    return subscribe(topics, request.last_event_id(), options);
}

subscription subscribe(std::span<topic* const> topics, std::string_view last_event_id,
                       const subscribe_options& options) {
    if (topics.empty()) throw std::invalid_argument{"a subscription follows at least one topic"};
    if (topics.size() > most_topics_followed)
        throw std::invalid_argument{
            fmt::format("a subscription follows at most {} topics", most_topics_followed)};
    std::vector<std::shared_ptr<detail::topic_core>> cores;
    for (const auto* const each : topics) {
        const auto& core = detail::topic_access::core(*each);
        if (std::ranges::find(cores, core) != cores.end())
            throw std::invalid_argument{"a subscription follows a topic once"};
        cores.push_back(core);
    }
    return detail::topic_access::make(
        std::make_unique<detail::subscription_feed>(cores, last_event_id, options));
}

} // namespace rill
