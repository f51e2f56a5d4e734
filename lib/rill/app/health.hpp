#pragma once

#include <rill/app/request.hpp>
#include <rill/app/response.hpp>
#include <rill/base/export.hpp>

namespace rill {

/// A handler for the health checks of load balancers: 200 `ok`, or 503 `stopping` once the server is about to
/// stop (`request::stopping`), so that new clients are sent elsewhere while those that are here are served.
///
/// **Example**
///
///     routes.get("/healthz", rill::health);
///     return rill::serve(routes, {.lame_duck = 5s});
[[nodiscard]] RILL_EXPORT response health(const request& asked);

} // namespace rill
