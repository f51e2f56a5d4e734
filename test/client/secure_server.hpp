#pragma once

#include <rill/base/text.hpp>
#include <rill/client/client_options.hpp>
#include <rill/rill.hpp>

#include "net/serving.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// A server of https for the tests of the client, and the certificates that they show each other.
namespace secure {

[[nodiscard]] inline std::string file(std::string_view name) {
    return std::string{CERTIFICATES} + "/" + std::string{name};
}

/// A server of https with the certificate of this name.
class server {
public:
    explicit server(const std::string& name = "server")
        : chain_{file(name + ".pem")},
          key_{file(name + ".key")},
          server_{with_routes(routes_), {.threads = 1, .tls = {.certificate = chain_, .private_key = key_}}} {
    }

    [[nodiscard]] std::uint16_t port() const {
        const auto& whole = server_.url();
        return rill::parse<std::uint16_t>(std::string_view{whole}.substr(whole.rfind(':') + 1)).value();
    }
    /// By name, or by address.
    [[nodiscard]] std::string url(std::string_view path = "/", std::string_view host = "localhost") const {
        return "https://" + std::string{host} + ":" + std::to_string(port()) + std::string{path};
    }

private:
    static rill::router& with_routes(rill::router& routes) {
        routes.get("/", [](rill::request&) { return rill::response::text("secret"); });
        routes.get("/events", [](rill::request& request) -> rill::event_stream {
            const std::string last{request.last_event_id()};
            co_yield {.id = last + "x", .data = last};
        });
        return routes;
    }

    std::string chain_;
    std::string key_;
    rill::router routes_;
    serving::server server_;
};

[[nodiscard]] inline rill::client_options trusting(const std::string& ca) {
    rill::client_options options;
    options.ca_file = ca;
    return options;
}

/// The authority of all servers of the tests.
inline const std::string ours = file("ca.pem");

} // namespace secure
