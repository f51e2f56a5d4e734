// A server that asks for the client's certificate.
#include <rill/client/error.hpp>

#include "client/asking.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/ssl.hpp>
#include <asio/write.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <thread>

using namespace asking;
using asio::ip::tcp;
using rill::client_errc;

namespace {

std::string certificate(std::string_view name) {
    return std::string{CERTIFICATES} + "/" + std::string{name};
}

/// Serves one client, and only one that shows a certificate of our authority: it gets its own name. Asio's
/// own server, since Rill's asks nobody.
class wary_server {
public:
    explicit wary_server(int newest) {
        context_.use_certificate_chain_file(certificate("server.pem"));
        context_.use_private_key_file(certificate("server.key"), asio::ssl::context::pem);
        context_.load_verify_file(certificate("ca.pem"));
        context_.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
        SSL_CTX_set_max_proto_version(context_.native_handle(), newest);
    }
    wary_server(const wary_server&) = delete;
    wary_server& operator=(const wary_server&) = delete;
    ~wary_server() { thread_.join(); }

    [[nodiscard]] std::string url() const {
        return fmt::format("https://localhost:{}/", acceptor_.local_endpoint().port());
    }

private:
    void serve() {
        asio::error_code failure;
        asio::ssl::stream<tcp::socket> stream{acceptor_.accept(), context_};
        stream.handshake(asio::ssl::stream_base::server, failure);
        std::string request;
        if (!failure) asio::read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n", failure);
        if (failure) return;
        std::array<char, 64> name{};
        auto* const shown = SSL_get1_peer_certificate(stream.native_handle());
        X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name.data(), name.size());
        X509_free(shown);
        const std::string_view body{name.data()};
        asio::write(
            stream,
            asio::buffer(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body)),
            failure);
        stream.shutdown(failure);
    }

    asio::io_context loop_;
    tcp::acceptor acceptor_{loop_, {asio::ip::address_v4::loopback(), 0}};
    asio::ssl::context context_{asio::ssl::context::tls_server};
    std::thread thread_{[this] { serve(); }};
};

constexpr std::array versions{TLS1_2_VERSION, TLS1_3_VERSION};

} // namespace

TEST_CASE("a server that wants the client's certificate is shown it") {
    const auto ca = certificate("ca.pem");
    const auto chain = certificate("client.pem");
    const auto key = certificate("client.key");
    for (const auto version : versions) {
        const wary_server server{version};
        CHECK(get(server.url(), {.ca_file = ca, .certificate = chain, .private_key = key}).body == "client");
    }
}

TEST_CASE("without one the server's refusal is told as an error of TLS") {
    const auto ca = certificate("ca.pem");
    for (const auto version : versions) {
        const wary_server server{version};
        CHECK(failure_of(server.url(), {.ca_file = ca}) == client_errc::tls_failed);
    }
}
