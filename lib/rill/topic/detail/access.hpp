#pragma once

#include <memory>

namespace rill {

class subscription;
class topic;

namespace detail {

class subscription_feed;
class topic_core;

/// The library's own way into topics and subscriptions. Each function is defined beside what it opens.
struct topic_access {
    [[nodiscard]] static const std::shared_ptr<topic_core>& core(const topic& t) noexcept;
    [[nodiscard]] static std::shared_ptr<topic> make(std::shared_ptr<topic_core> core);
    [[nodiscard]] static subscription make(std::unique_ptr<subscription_feed> feed) noexcept;
};

} // namespace detail
} // namespace rill
