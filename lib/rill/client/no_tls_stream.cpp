// The client of a Rill that is built without TLS.
#include <rill/base/error.hpp>
#include <rill/client/detail/tls_stream.hpp>

namespace rill::detail {

std::shared_ptr<const tls_context> make_tls_context(const client_options& options) {
    if (!options.ca_file.empty() || !options.certificate.empty() || !options.private_key.empty())
        throw error{client_errc::tls_unavailable, "certificates are given"};
    return nullptr;
}

} // namespace rill::detail
