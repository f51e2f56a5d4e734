#include <rill/client/client_request.hpp>

namespace rill {

client_request& client_request::body(std::string bytes, std::string_view content_type) & {
    body_ = std::move(bytes);
    has_body_ = true;
    if (!content_type.empty()) fields_.set("Content-Type", content_type);
    return *this;
}

} // namespace rill
