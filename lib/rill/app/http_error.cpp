#include <rill/app/http_error.hpp>

#include <utility>

namespace rill {

http_error::http_error(status code, std::string_view message)
    : code_{code}, message_{message.empty() ? reason(code) : message} {}

http_error&& http_error::with(std::string_view name, std::string_view value) && {
    fields_.add(name, value);
    return std::move(*this);
}

} // namespace rill
