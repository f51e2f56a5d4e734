#pragma once

#include <rill/app/response.hpp>
#include <rill/topic/topics.hpp>

namespace hub {

/// All topics and what they have done, and the same in total, as JSON:
///
///     {"topics":[{"name":"news","subscribers":1,"events":3,"bytes":96,...}],"total":{"subscribers":1,...}}
[[nodiscard]] rill::response list(const rill::topics& topics);

} // namespace hub
