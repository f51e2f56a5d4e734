#include <rill/base/error.hpp>
#include <rill/net/error.hpp>

#include <array>

namespace rill {

std::error_code make_error_code(net_errc e) noexcept {
    static constexpr std::array messages{
        "TLS is not built in",
        "the certificate cannot be used",
        "the private key cannot be used",
    };
    static const detail::errc_category category{"rill.net", messages};
    return {static_cast<int>(e), category};
}

} // namespace rill
