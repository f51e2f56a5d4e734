// The files of a server's certificate and key, and what they are used with.
#include <rill/net/detail/bad_option.hpp>
#include <rill/net/detail/tls_credentials.hpp>
#include <rill/net/error.hpp>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <new>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string_view>

namespace rill::detail {
namespace {

template <auto free>
struct freeing {
    void operator()(auto* what) const noexcept { free(what); }
};
using bio = std::unique_ptr<BIO, freeing<BIO_free>>;
using x509 = std::unique_ptr<X509, freeing<X509_free>>;
using pkey = std::unique_ptr<EVP_PKEY, freeing<EVP_PKEY_free>>;

[[noreturn]] void fail_with_errno(const std::string& file) {
    throw bad_option{errno, std::system_category(), fmt::format("cannot read {}", file)};
}

/// The file's text. Not by OpenSSL, which does not say so well what is wrong.
std::string read(const std::string& file) {
    struct close {
        void operator()(std::FILE* opened) const noexcept { std::fclose(opened); }
    };
    const std::unique_ptr<std::FILE, close> opened{std::fopen(file.c_str(), "rbe")};
    if (!opened) fail_with_errno(file);
    std::string text;
    std::array<char, 4096> part{};
    while (const auto size = std::fread(part.data(), 1, part.size(), opened.get()))
        text.append(part.data(), size);
    if (std::ferror(opened.get()) != 0) fail_with_errno(file);
    return text;
}

bio source_of(std::string_view text) {
    bio source{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
    if (!source) throw std::bad_alloc{};
    return source;
}

/// What OpenSSL has to say about its last failure.
std::string reason() {
    const auto code = ERR_peek_last_error();
    const auto* const text = ERR_reason_error_string(code);
    ERR_clear_error();
    return text ? text : fmt::format("OpenSSL's error {:#x}", code);
}

/// Without it OpenSSL asks whoever sits at the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

/// A client that speaks nothing that this server does is refused (RFC 7301 §3.2).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void*) {
    static constexpr std::string_view known{"\x08http/1.1"};
    const auto* const ours = reinterpret_cast<const unsigned char*>(known.data());
    unsigned char* match = nullptr;
    if (SSL_select_next_proto(&match, size, ours, static_cast<unsigned>(known.size()), offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = match;
    return SSL_TLSEXT_ERR_OK;
}

/// Sessions are resumed by tickets, so that the server keeps nothing for them.
void set_up(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    // A peer that ends without close_notify has ended: HTTP's framing says whether something is missing.
    SSL_CTX_set_options(context,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    static constexpr std::array<unsigned char, 4> whose{'r', 'i', 'l', 'l'};
    SSL_CTX_set_session_id_context(context, whose.data(), whose.size());
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
}

/// Tickets that `from` gave are good with `to`.
void carry_ticket_keys(SSL_CTX* from, SSL_CTX* to) {
    std::array<unsigned char, 256> keys{};
    const auto size = SSL_CTX_get_tlsext_ticket_keys(from, nullptr, 0);
    if (size <= 0 || static_cast<std::size_t>(size) > keys.size()) return;
    SSL_CTX_get_tlsext_ticket_keys(from, keys.data(), size);
    SSL_CTX_set_tlsext_ticket_keys(to, keys.data(), size);
    OPENSSL_cleanse(keys.data(), keys.size());
}

} // namespace

tls_credentials::tls_credentials(const tls_files& files, const tls_credentials* before)
    : context_{SSL_CTX_new(TLS_server_method())} {
    if (!context_) throw std::bad_alloc{};
    set_up(context_.get());
    load_certificate(files.certificate);
    load_private_key(files.private_key);
    if (before) carry_ticket_keys(before->context(), context_.get());
}

void tls_credentials::load_certificate(const std::string& file) {
    constexpr auto code = net_errc::certificate_not_usable;
    if (file.empty()) throw bad_option{code, "TLS needs a certificate beside its private key"};
    const auto text = read(file);
    const auto source = source_of(text);
    ERR_clear_error();
    const auto refuse = [&file] { throw bad_option{code, fmt::format("{}: {}", file, reason())}; };
    const x509 leaf{PEM_read_bio_X509_AUX(source.get(), nullptr, no_passphrase, nullptr)};
    if (!leaf || SSL_CTX_use_certificate(context_.get(), leaf.get()) != 1) refuse();
    for (;;) {
        const x509 next{PEM_read_bio_X509(source.get(), nullptr, no_passphrase, nullptr)};
        if (!next) break;
        if (SSL_CTX_add1_chain_cert(context_.get(), next.get()) != 1) refuse();
    }
    const auto failure = ERR_peek_last_error();
    if (ERR_GET_LIB(failure) != ERR_LIB_PEM || ERR_GET_REASON(failure) != PEM_R_NO_START_LINE) refuse();
    ERR_clear_error(); // the end of the file
}

void tls_credentials::load_private_key(const std::string& file) {
    constexpr auto code = net_errc::private_key_not_usable;
    if (file.empty()) throw bad_option{code, "TLS needs a private key beside its certificate"};
    auto text = read(file);
    const auto source = source_of(text);
    ERR_clear_error();
    const pkey key{PEM_read_bio_PrivateKey(source.get(), nullptr, no_passphrase, nullptr)};
    const bool fits = key && SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1 &&
                      SSL_CTX_check_private_key(context_.get()) == 1;
    OPENSSL_cleanse(text.data(), text.size());
    if (!fits) throw bad_option{code, fmt::format("{}: {}", file, reason())};
}

std::shared_ptr<const tls_credentials> load_credentials(const tls_files& files,
                                                        const tls_credentials* before) {
    return std::make_shared<const tls_credentials>(files, before);
}

} // namespace rill::detail
