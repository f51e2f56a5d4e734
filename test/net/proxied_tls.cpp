// TLS behind a header of the PROXY protocol.
#include "net/serving.hpp"
#include "support/tls_client.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

namespace {

using support::tls_client;

std::string certificate_file(std::string_view name) {
    return fmt::format("{}/{}", CERTIFICATES, name);
}

/// A server with TLS that says whose request comes, and how.
struct tls_behind_proxy {
    explicit tls_behind_proxy(std::string_view proxies) : server{routes(), options(proxies)} {}

    static const rill::router& routes() {
        static const rill::router made = [] {
            rill::router routes;
            routes.get("/", [](rill::request& request) {
                return rill::response::text(
                    fmt::format("{} {}!", request.remote_address(), request.scheme()));
            });
            return routes;
        }();
        return made;
    }
    static rill::server_options options(std::string_view proxies) {
        static const std::string certificate = certificate_file("server.pem"),
                                 key = certificate_file("server.key");
        return {.threads = 2,
                .tls = {.certificate = certificate, .private_key = key},
                .proxy_protocol = proxies,
                .limits = {.head_timeout = 300ms}};
    }
    [[nodiscard]] std::uint16_t port() const {
        const auto& url = server.url();
        return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
    }
    /// The answer to a request over TLS behind `header`.
    [[nodiscard]] std::string ask(std::string_view header) const {
        static const support::tls_trust trust{certificate_file("ca.pem")};
        tls_client client{trust, port(), header};
        client.send(serving::get("/"));
        const auto answer = client.until("!");
        return answer.substr(answer.rfind('\n') + 1);
    }

    serving::server server;
};

} // namespace

TEST_CASE("TLS begins behind the header") {
    const tls_behind_proxy site{"127.0.0.1"};
    CHECK(site.ask("PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n") == "192.0.2.7:4711 https!");
    using namespace std::string_literals;
    CHECK(site.ask("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0C\xC0\0\x02\x07\xC6\x33\x64\x01\x12\x67\x01\xBB"s) ==
          "192.0.2.7:4711 https!");
    CHECK(site.ask("PROXY UNKNOWN\r\n").ends_with(" https!"));
}

TEST_CASE("a handshake without the header, or behind half of it, is closed without a word") {
    const tls_behind_proxy site{"127.0.0.1"};
    CHECK_THROWS_AS(static_cast<void>(site.ask("")), std::runtime_error);
    CHECK_THROWS_AS(static_cast<void>(site.ask("PROXY TCP4")), std::runtime_error);
    for (const std::string_view bytes : {"PROXY TCP4 192.0.2.7", "\x16\x03\x01"}) {
        serving::socket_client client{fmt::format("http://127.0.0.1:{}", site.port())};
        client.send(bytes);
        CHECK(serving::until_end(client).empty());
    }
}

TEST_CASE("from others TLS takes no header") {
    const tls_behind_proxy site{"10.0.0.0/8"};
    CHECK_THROWS_AS(static_cast<void>(site.ask("PROXY UNKNOWN\r\n")), std::runtime_error);
    CHECK(site.ask("").starts_with("127.0.0.1:"));
}

TEST_CASE("a server with TLS ends while half a header waits") {
    tls_behind_proxy site{"127.0.0.1"};
    serving::socket_client client{fmt::format("http://127.0.0.1:{}", site.port())};
    client.send("PROXY TCP4 192.0.2.7");
    site.server.stop();
    CHECK(site.server.ends(5s));
    CHECK(serving::until_end(client).empty());
}
