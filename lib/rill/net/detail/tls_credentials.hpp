#pragma once

#include <rill/net/detail/tls.hpp>

#include <memory>
#include <openssl/ssl.h>

namespace rill::detail {

class tls_credentials {
public:
    /// See `load_credentials`.
    tls_credentials(const tls_files& files, const tls_credentials* before);

    /// For new connections. OpenSSL counts its uses and changes nothing else in it.
    [[nodiscard]] SSL_CTX* context() const noexcept { return context_.get(); }

private:
    struct free_context {
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    };

    void load_certificate(const std::string& file);
    void load_private_key(const std::string& file);

    std::unique_ptr<SSL_CTX, free_context> context_;
};

} // namespace rill::detail
