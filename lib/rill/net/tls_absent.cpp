// In place of TLS where OpenSSL is missing (-Dtls=disabled).
#include <rill/net/detail/bad_option.hpp>
#include <rill/net/detail/tls.hpp>
#include <rill/net/error.hpp>

namespace rill::detail {

class tls_credentials {};

std::shared_ptr<const tls_credentials> load_credentials(const tls_files&, const tls_credentials*) {
    throw bad_option{net_errc::tls_unavailable, "cannot serve https"};
}

std::unique_ptr<transport> make_tls_transport(std::unique_ptr<transport> inner, tls_share&) {
    return inner; // not reached: without credentials there is no share
}

} // namespace rill::detail
