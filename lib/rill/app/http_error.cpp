#include <rill/app/http_error.hpp>

namespace rill {

http_error::http_error(status code, std::string_view message)
    : code_{code}, message_{message.empty() ? reason(code) : message} {}

} // namespace rill
