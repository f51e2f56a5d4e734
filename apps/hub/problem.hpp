#pragma once

#include <rill/app/middleware.hpp>

namespace hub {

/// A middleware that has every refusal answered with a problem in JSON (RFC 9457), which says what is wrong:
/// what a handler throws as an `http_error`, what a topic has against an event, and the router's 404 and 405.
///
/// **Example**
///
///     routes.use(hub::explain);
///
///     HTTP/1.1 409 Conflict
///     Content-Type: application/problem+json
///
///     {"type":"about:blank","title":"Conflict","status":409,"detail":"an event of the topic has this id
///     already"}
rill::task<rill::response> explain(rill::request& request, rill::next next);

} // namespace hub
