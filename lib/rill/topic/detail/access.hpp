#pragma once

#include <rill/topic/topic.hpp>

#include <memory>

namespace rill::detail {

/// The library's own way into topics and subscriptions.
struct topic_access {
    static const std::shared_ptr<topic_core>& core(const topic& t) noexcept { return t.core_; }
    static std::shared_ptr<topic> make(std::shared_ptr<topic_core> core);
    static subscription make(std::unique_ptr<subscription_feed> feed) noexcept;
};

} // namespace rill::detail
