#include <rill/base/error.hpp>
#include <rill/client/detail/tls_stream.hpp>

#include <asio/buffer.hpp>
#include <asio/ip/address.hpp>
#include <asio/redirect_error.hpp>
#include <asio/ssl.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <fmt/format.h>

#include <array>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace rill::detail {
namespace {

using stream_type = asio::ssl::stream<asio::ip::tcp::socket&>;

/// RFC 7301 §3.1: the length of each name goes before it.
constexpr std::array<unsigned char, 9> alpn{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

/// Without it OpenSSL asks whoever sits at the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

/// Whether a file could not be read for want of a passphrase.
bool is_encrypted(const std::error_code& failure) {
    if (failure.category() != asio::error::get_ssl_category()) return false;
    const auto why = ERR_GET_REASON(static_cast<unsigned long>(failure.value()));
#ifdef ERR_R_INTERRUPTED_OR_CANCELLED // OpenSSL 3
    if (why == ERR_R_INTERRUPTED_OR_CANCELLED) return true;
#endif
    return why == PEM_R_BAD_PASSWORD_READ || why == PEM_R_PROBLEMS_GETTING_PASSWORD;
}

class openssl_stream final : public tls_stream {
public:
    openssl_stream(asio::ip::tcp::socket& socket, asio::ssl::context& context, std::string host)
        : stream_{socket, context} {
        // A dot at the end is the root's; neither server names (RFC 6066 §3) nor certificates have it.
        if (host.size() > 1 && host.ends_with('.')) host.pop_back();
        host.resize(std::min(host.find('%'), host.size())); // an address's zone is this machine's own
        asio::error_code is_name;
        const auto address = asio::ip::make_address(host, is_name);
        auto* const ssl = stream_.native_handle();
        auto* const expected = SSL_get0_param(ssl);
        bool ok = false;
        if (is_name) {
            // The macro for this has a cast in it that the compiler warns of.
            ok = SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data()) == 1 &&
                 X509_VERIFY_PARAM_set1_host(expected, host.c_str(), 0) == 1;
        } else { // RFC 6066 §3: an address is no server name
            ok = X509_VERIFY_PARAM_set1_ip_asc(expected, address.to_string().c_str()) == 1;
        }
        if (!ok) throw error{client_errc::tls_failed, fmt::format("TLS with {}: not a server's name", host)};
    }

    task<void> handshake(asio::error_code& result) override {
        return stream_.async_handshake(stream_type::client,
                                       asio::redirect_error(asio::use_awaitable, result));
    }
    task<std::size_t> read_some(std::span<char> space, asio::error_code& result) override {
        return stream_.async_read_some(asio::buffer(space.data(), space.size()),
                                       asio::redirect_error(asio::use_awaitable, result));
    }
    task<std::size_t> write(std::string_view bytes, asio::error_code& result) override {
        return asio::async_write(stream_, asio::buffer(bytes),
                                 asio::redirect_error(asio::use_awaitable, result));
    }

    failure explain(asio::error_code result) override {
        const auto verdict = SSL_get_verify_result(stream_.native_handle());
        if (verdict != X509_V_OK && SSL_get_verify_mode(stream_.native_handle()) != SSL_VERIFY_NONE)
            return {client_errc::certificate_refused, X509_verify_cert_error_string(verdict)};
        if (result == asio::ssl::error::stream_truncated || result == asio::error::eof)
            return {client_errc::tls_failed, "the server ended the connection"};
        return {client_errc::tls_failed, result.message()};
    }

    bool truncated(asio::error_code result) override { return result == asio::ssl::error::stream_truncated; }

    bool holds_input() override {
        auto* const ssl = stream_.native_handle();
        return SSL_has_pending(ssl) == 1 || BIO_ctrl_pending(SSL_get_rbio(ssl)) > 0;
    }

private:
    stream_type stream_;
};

class openssl_context final : public tls_context {
public:
    explicit openssl_context(const client_options& options) : context_{asio::ssl::context::tls_client} {
        auto* const ssl = context_.native_handle();
        SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
        SSL_CTX_set_alpn_protos(ssl, alpn.data(), alpn.size());
        SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
        context_.set_verify_mode(options.verify ? asio::ssl::verify_peer : asio::ssl::verify_none);
        if (!options.ca_file.empty())
            load(options.ca_file, [&](const std::string& file) { context_.load_verify_file(file); });
        else if (options.verify) // it takes some 80 ms
            context_.set_default_verify_paths();
        if (options.certificate.empty() != options.private_key.empty())
            throw error{client_errc::invalid_certificate, "a certificate and its key go together"};
        if (options.certificate.empty()) return;
        load(options.certificate,
             [&](const std::string& file) { context_.use_certificate_chain_file(file); });
        load(options.private_key, [&](const std::string& file) {
            context_.use_private_key_file(file, asio::ssl::context::pem); // it is checked to belong to it
        });
    }

    std::unique_ptr<tls_stream> wrap(asio::ip::tcp::socket& socket, const std::string& host) const override {
        return std::make_unique<openssl_stream>(socket, context_, host);
    }

private:
    template <typename Load>
    static void load(std::string_view name, Load action) try {
        action(std::string{name});
    } catch (const std::system_error& failure) {
        throw error{client_errc::invalid_certificate,
                    fmt::format("{}: {}", name,
                                is_encrypted(failure.code())
                                    ? "it is encrypted, and nobody is asked for its passphrase"
                                    : failure.code().message())};
    }

    mutable asio::ssl::context context_; ///< OpenSSL counts its users by itself, and locks what it must
};

} // namespace

std::shared_ptr<const tls_context> make_tls_context(const client_options& options) {
    return std::make_shared<openssl_context>(options);
}

} // namespace rill::detail
