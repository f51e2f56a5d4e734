#pragma once

#include <rill/base/export.hpp>

#include <system_error>
#include <type_traits>

namespace rill {

/// Why a server cannot begin, or cannot load its certificate again. It is thrown as `rill::error`, whose
/// words name the file and have OpenSSL's reason. Where a file cannot be read, or an address cannot be had,
/// it is the system's code that is thrown.
enum class net_errc {
    /// TLS was asked for, and this Rill was built without it (`-Dtls=disabled`).
    tls_unavailable = 1,
    /// The file has no certificate that OpenSSL takes, or none was named.
    certificate_not_usable,
    /// The file has no key that OpenSSL takes, or it is encrypted, or is another certificate's; or none was
    /// named.
    private_key_not_usable,
};

/// The code of `e`, in the category `rill.net`. Any thread may call it.
[[nodiscard]] RILL_EXPORT std::error_code make_error_code(net_errc e) noexcept;

} // namespace rill

template <>
struct std::is_error_code_enum<rill::net_errc> : std::true_type {};
