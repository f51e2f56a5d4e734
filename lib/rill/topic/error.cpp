#include <rill/topic/error.hpp>

namespace rill {

http_error topic_error::to_http_error() const {
    if (code() == topic_errc::too_many_subscribers || code() == topic_errc::too_many_topics)
        return http_error{status::service_unavailable, what()}.with("Retry-After", "5");
    if (code() == topic_errc::event_too_large) return http_error{status::content_too_large, what()};
    if (code() == topic_errc::id_repeats || code() == topic_errc::closed)
        return http_error{status::conflict, what()};
    return http_error{status::bad_request, what()};
}

} // namespace rill
