#include <rill/app/health.hpp>

namespace rill {

response health(const request& asked) {
    auto answer =
        asked.stopping() ? response::text("stopping", status::service_unavailable) : response::text("ok");
    return std::move(answer).set("Cache-Control", "no-store");
}

} // namespace rill
