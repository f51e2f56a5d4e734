#pragma once

#include "client/asking.hpp"
#include "client/environment.hpp"
#include "client/scripted_server.hpp"
#include "client/secure_server.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace secure {

/// How a client comes to a server of https at this port: over a relay that knows nothing of TLS, or through
/// the tunnel of a proxy.
struct way_to_https {
    /// Passes everything on, or so much, and then does this.
    [[nodiscard]] scripted::server::script script(
        const scripted::traffic& most = {},
        std::function<void(scripted::connection&)> then = [](auto&) {}) const {
        return [to = *this, most, then = std::move(then)](scripted::connection& c) {
            if (!to.opens(c)) return;
            c.relay(to.port, most);
            then(c);
        };
    }

    [[nodiscard]] std::string url(const scripted::server& between) const {
        return "https://127.0.0.1:" + std::to_string(tunnel ? port : between.port()) + "/";
    }
    [[nodiscard]] std::unique_ptr<rill::http_client> client(const scripted::server& between) const {
        const asking::environment set{{"https_proxy", tunnel ? between.url() : ""}};
        return std::make_unique<rill::http_client>("", trusting(ours));
    }

    /// How much goes over it for one request and its answer.
    [[nodiscard]] scripted::traffic measured() const {
        scripted::traffic passed;
        {
            scripted::server between{[&](scripted::connection& c) {
                if (opens(c)) passed = c.relay(port);
            }};
            const auto asker = client(between);
            CHECK(asking::ask(*asker, {rill::method::get, url(between)}).body == "secret");
        }
        return passed;
    }

    std::uint16_t port;
    bool tunnel;

private:
    bool opens(scripted::connection& c) const {
        if (!tunnel) return true;
        if (c.request().empty()) return false;
        c.send("HTTP/1.1 200 Connection established\r\n\r\n");
        return true;
    }
};

} // namespace secure
