#pragma once

#include <rill/app/detail/routing_table.hpp>
#include <rill/net/detail/shard.hpp>
#include <rill/net/detail/tls.hpp>
#include <rill/testing/detail/wire.hpp>
#include <rill/testing/server.hpp>

#include "app_asking.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

/// A shard that speaks TLS over connections of memory, by a clock that the test moves, and OpenSSL's own
/// client.
namespace tls {

using namespace std::chrono_literals;

[[nodiscard]] inline std::string file(std::string_view name) {
    return fmt::format("{}/{}", CERTIFICATES, name);
}

[[nodiscard]] inline std::shared_ptr<const rill::detail::tls_credentials>
credentials(std::string_view name = "server", const rill::detail::tls_credentials* before = nullptr) {
    return rill::detail::load_credentials(
        {file(fmt::format("{}.pem", name)), file(fmt::format("{}.key", name))}, before);
}

/// Routes, and a shard for them, which is made with the first connection.
class site {
public:
    explicit site(const rill::limits& bounds = {}) : bounds_{bounds} {}

    [[nodiscard]] rill::detail::shard& shard() {
        if (!shard_) {
            common_.emplace(routes, rill::server_options{.limits = bounds_, .log = &log});
            shard_.emplace(*common_, rill::detail::timers::clock_kind::manual);
            shard_->use_tls(credentials());
        }
        return *shard_;
    }

    [[nodiscard]] rill::testing::connection connect() {
        auto wire = std::make_shared<rill::testing::detail::wire>(shard().context());
        shard().expect_connection();
        shard().open(shard().prepared(std::make_unique<rill::testing::detail::memory_transport>(wire)));
        return rill::testing::connection{std::move(wire)};
    }

    void run() {
        shard().context().restart();
        shard().context().poll();
    }
    void advance(rill::duration time) {
        shard().timers().advance(time, [this] { run(); });
    }

    rill::router routes;
    log_lines log;

private:
    rill::limits bounds_;
    std::optional<rill::detail::service> common_;
    std::optional<rill::detail::shard> shard_;
};

struct free_ssl {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};
using session = std::unique_ptr<SSL_SESSION, free_ssl>;

struct client_options {
    int version = 0;              ///< the only one that it speaks; 0 for what OpenSSL likes
    std::string_view protocols{}; ///< for ALPN, as the extension has them
    SSL_SESSION* resumes = nullptr;
    std::string_view host = "localhost"; ///< that it trusts the certificate for
};

/// Shared by the clients of a version, since it takes its time to make.
[[nodiscard]] inline SSL_CTX* context_of(int version) {
    static std::map<int, std::unique_ptr<SSL_CTX, free_ssl>> made;
    auto& context = made[version];
    if (context) return context.get();
    context.reset(SSL_CTX_new(TLS_client_method()));
    if (version != 0) {
        SSL_CTX_set_security_level(context.get(), 0);
        SSL_CTX_set_min_proto_version(context.get(), version);
        SSL_CTX_set_max_proto_version(context.get(), version);
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    if (SSL_CTX_load_verify_file(context.get(), file("ca.pem").c_str()) != 1)
        throw std::runtime_error{"no authority"};
    return context.get();
}

class client {
public:
    explicit client(rill::testing::connection connection, const client_options& options = {})
        : connection_{std::move(connection)}, ssl_{SSL_new(context_of(options.version))} {
        SSL_set1_host(ssl_.get(), std::string{options.host}.c_str());
        if (!options.protocols.empty())
            SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(options.protocols.data()),
                                static_cast<unsigned>(options.protocols.size()));
        if (options.resumes) SSL_set_session(ssl_.get(), options.resumes);
        in_ = BIO_new(BIO_s_mem());
        BIO_set_mem_eof_return(in_, -1);
        out_ = BIO_new(BIO_s_mem());
        SSL_set_bio(ssl_.get(), in_, out_);
        SSL_set_connect_state(ssl_.get());
    }

    /// What it has to say on the wire.
    [[nodiscard]] std::string output() {
        SSL_do_handshake(ssl_.get());
        std::string bytes(BIO_ctrl_pending(out_), ' ');
        if (!bytes.empty()) BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
        sent_ += bytes.size();
        return bytes;
    }
    /// Takes what came on the wire, and reads of it what can be read.
    void input(std::string_view bytes) {
        BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
        read();
    }

    /// Sends what there is to send in pieces, and takes what came in pieces, until nothing moves.
    void exchange(std::size_t piece = std::string::npos) {
        for (bool moved = true; moved;) {
            const auto there = output(), here = connection_.receive();
            moved = !there.empty() || !here.empty();
            for (std::size_t at = 0; at < there.size(); at += std::min(piece, there.size() - at))
                connection_.send(std::string_view{there}.substr(at, piece));
            for (std::size_t at = 0; at < here.size(); at += std::min(piece, here.size() - at))
                input(std::string_view{here}.substr(at, piece));
        }
    }

    void write(std::string_view text) {
        if (SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) <= 0)
            throw std::runtime_error{"cannot write"};
    }
    /// Sends `text`, and gives all that has come.
    [[nodiscard]] std::string ask(std::string_view text, std::size_t piece = std::string::npos) {
        exchange(piece);
        write(text);
        exchange(piece);
        return received();
    }
    [[nodiscard]] std::string received() { return std::exchange(received_, {}); }

    /// Says close_notify.
    void finish() {
        SSL_shutdown(ssl_.get());
        exchange();
    }

    [[nodiscard]] bool established() const { return SSL_is_init_finished(ssl_.get()) != 0; }
    /// The peer has said close_notify.
    [[nodiscard]] bool peer_finished() const {
        return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
    }
    [[nodiscard]] bool resumed() const { return SSL_session_reused(ssl_.get()) != 0; }
    [[nodiscard]] session session_to_resume() const { return session{SSL_get1_session(ssl_.get())}; }
    [[nodiscard]] std::string protocol() const {
        const unsigned char* name = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(ssl_.get(), &name, &size);
        return {reinterpret_cast<const char*>(name), size};
    }
    [[nodiscard]] std::string peer_name() const {
        std::string name(64, ' ');
        const auto size = X509_NAME_get_text_by_NID(
            X509_get_subject_name(SSL_get0_peer_certificate(ssl_.get())), NID_commonName, name.data(), 64);
        name.resize(static_cast<std::size_t>(std::max(size, 0)));
        return name;
    }
    /// Why it gave up, in OpenSSL's words.
    [[nodiscard]] const std::string& failure() const { return failure_; }
    [[nodiscard]] std::size_t sent() const { return sent_; }

    [[nodiscard]] rill::testing::connection& connection() { return connection_; }
    [[nodiscard]] SSL* ssl() { return ssl_.get(); }

private:
    void read() {
        std::string part(20'000, ' ');
        for (;;) {
            ERR_clear_error();
            const auto size = SSL_read(ssl_.get(), part.data(), static_cast<int>(part.size()));
            if (size <= 0) break;
            received_.append(part, 0, static_cast<std::size_t>(size));
        }
        if (const auto code = ERR_peek_error(); code != 0 && failure_.empty())
            failure_ = ERR_reason_error_string(code);
    }

    rill::testing::connection connection_;
    std::unique_ptr<SSL, free_ssl> ssl_;
    BIO* in_ = nullptr; ///< the client's, which owns them
    BIO* out_ = nullptr;
    std::string received_, failure_;
    std::size_t sent_ = 0;
};

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

} // namespace tls
