#include <rill/http/request.hpp>

namespace rill {

std::string_view request_head::host() const noexcept {
    const auto authority = target.authority();
    return authority.empty() ? fields.find("host").value_or(std::string_view{}) : authority;
}

void request_head::clear() noexcept {
    method = rill::method::get;
    version = rill::version::http_1_1;
    target.clear();
    fields.clear();
}

void request_head::shrink_to_fit() {
    target.shrink_to_fit();
    fields.shrink_to_fit();
}

} // namespace rill
