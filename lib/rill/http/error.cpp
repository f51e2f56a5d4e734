#include <rill/http/error.hpp>

#include <array>

namespace rill {

std::error_code make_error_code(http_errc e) noexcept {
    static constexpr std::array messages{
        "invalid field name",
        "invalid field value",
        "invalid status",
        "invalid cookie name",
        "invalid cookie value",
        "invalid cookie path",
        "a cookie for other sites must be secure",
    };
    static const detail::errc_category category{"rill.http", messages};
    return {static_cast<int>(e), category};
}

} // namespace rill
