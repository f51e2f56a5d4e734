#pragma once

#include <arpa/inet.h>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace support {

/// What many clients share: whom they trust.
class tls_trust {
public:
    explicit tls_trust(const std::string& authority) : context_{SSL_CTX_new(TLS_client_method())} {
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        if (SSL_CTX_load_verify_file(context_.get(), authority.c_str()) != 1)
            throw std::runtime_error{"cannot load " + authority};
    }
    [[nodiscard]] SSL_CTX* context() const { return context_.get(); }

private:
    struct free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };
    std::unique_ptr<SSL_CTX, free> context_;
};

/// OpenSSL's client over a socket of 127.0.0.1. Its calls block, for ten seconds at most, and throw then.
class tls_client {
public:
    /// Connects, and has done its handshake; what stands `before` it is sent as it is.
    tls_client(const tls_trust& trust, std::uint16_t port, std::string_view before = {})
        : ssl_{SSL_new(trust.context())} {
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const timeval patience{.tv_sec = 10, .tv_usec = 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(port);
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        SSL_set_fd(ssl_.get(), socket_);
        SSL_set1_host(ssl_.get(), "localhost");
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
            ::send(socket_, before.data(), before.size(), MSG_NOSIGNAL) < 0 || SSL_connect(ssl_.get()) != 1) {
            close();
            fail("cannot connect");
        }
    }
    tls_client(tls_client&& other) noexcept
        : ssl_{std::move(other.ssl_)},
          socket_{std::exchange(other.socket_, -1)},
          unread_{std::move(other.unread_)} {}
    ~tls_client() { close(); }

    void send(std::string_view bytes) {
        if (SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) fail("cannot write");
    }

    /// Some bytes, at most so many; none at the end.
    std::string receive(std::size_t most) {
        std::string bytes;
        if (!unread_.empty()) {
            bytes = unread_.substr(0, most);
            unread_.erase(0, bytes.size());
            return bytes;
        }
        bytes.resize(most);
        ERR_clear_error();
        const auto size = SSL_read(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
        if (size <= 0 && SSL_get_error(ssl_.get(), size) != SSL_ERROR_ZERO_RETURN) fail("cannot read");
        bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return bytes;
    }

    /// All up to and with the next `mark`.
    std::string until(std::string_view mark) {
        auto all = std::exchange(unread_, {});
        for (auto found = all.find(mark);; found = all.find(mark)) {
            if (found != all.npos) {
                unread_ = all.substr(found + mark.size());
                all.resize(found + mark.size());
                return all;
            }
            if (!receive(all)) throw std::runtime_error{"the connection has ended: " + all};
        }
    }
    /// All up to the end, which must be a proper one.
    std::string rest() {
        auto all = std::exchange(unread_, {});
        while (receive(all)) {
        }
        return all;
    }

    /// The common name in the server's certificate.
    [[nodiscard]] std::string peer_name() const {
        std::string name(64, ' ');
        const auto* const certificate = SSL_get0_peer_certificate(ssl_.get());
        const auto size =
            X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(), 64);
        name.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return name;
    }

    [[nodiscard]] int descriptor() const noexcept { return socket_; }

    /// Leaves as a process that ends does.
    void close() {
        if (const auto socket = std::exchange(socket_, -1); socket >= 0) ::close(socket);
    }

private:
    struct free {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };

    bool receive(std::string& all) {
        char part[16'384];
        ERR_clear_error();
        const auto size = SSL_read(ssl_.get(), part, sizeof part);
        if (size > 0) all.append(part, static_cast<std::size_t>(size));
        if (size <= 0 && SSL_get_error(ssl_.get(), size) != SSL_ERROR_ZERO_RETURN) fail("cannot read");
        return size > 0;
    }

    [[noreturn]] static void fail(const std::string& what) {
        const auto* const reason = ERR_reason_error_string(ERR_get_error());
        throw std::runtime_error{what + ": " + (reason ? reason : std::generic_category().message(errno))};
    }

    std::unique_ptr<SSL, free> ssl_;
    int socket_ = -1;
    std::string unread_;
};

} // namespace support
