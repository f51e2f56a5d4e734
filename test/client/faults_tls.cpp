// Connections that end behind each byte on the way to TLS: a proxy's, and those to a server of https.
#include "client/asking.hpp"
#include "client/cutting.hpp"
#include "client/scripted_server.hpp"
#include "client/way_to_https.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

using namespace cutting;
using rill::client_errc;
using secure::way_to_https;

namespace {

/// Cuts the first connection, from the client or to it.
void cut_one(const way_to_https& to, const scripted::traffic& most, way how, bool must_fail) {
    scripted::server between{{to.script(most, [how](connection& c) { leave(c, how); }), to.script()}};
    const auto client = to.client(between);
    const auto got = outcome_of(*client, to.url(between));
    if (!got.code) CHECK(got.body == "secret");
    if (must_fail) CHECK(got.code);
    CHECK(outcome_of(*client, to.url(between)).is_right("secret"));
}

/// Cuts it behind each byte, each way.
void cut_each(const way_to_https& to, way how) {
    // Handshakes differ by some bytes in their length.
    constexpr std::size_t slack = 32;
    const auto all = to.measured();
    for (const auto at : places(all.from_client)) {
        INFO("behind ", at, " bytes of ", all.from_client, " from the client");
        cut_one(to, {.from_client = at}, how, at + slack < all.from_client);
    }
    for (const auto at : places(all.to_client)) {
        INFO("behind ", at, " bytes of ", all.to_client, " to the client");
        cut_one(to, {.to_client = at}, how, at + slack < all.to_client);
    }
}

} // namespace

TEST_CASE("a proxy that leaves behind any byte of its answer has opened no tunnel") {
    const nothing_left behind;
    const secure::server target;
    const way_to_https to{target.port(), true};
    const std::string answer = "HTTP/1.1 200 Connection established\r\nX-Field: value\r\n\r\n";
    for (const auto how : {way::fin, way::rst})
        for (std::size_t sent = 0; sent <= answer.size(); ++sent) {
            CAPTURE(sent);
            const auto part = answer.substr(0, sent);
            scripted::server proxy{{[&](connection& c) {
                                        (void)c.request();
                                        c.send(part);
                                        leave(c, how);
                                    },
                                    to.script()}};
            const auto client = to.client(proxy);
            const auto got = outcome_of(*client, to.url(proxy));
            CHECK(got.code);
            if (how == way::fin)
                CHECK(got.code ==
                      (sent < answer.size() ? client_errc::proxy_refused : client_errc::tls_failed));
            CHECK(outcome_of(*client, to.url(proxy)).is_right("secret"));
        }
}

TEST_CASE("a connection of TLS that is cut behind any byte, either way, gives the right answer or none") {
    const nothing_left behind;
    const secure::server target;
    for (const auto how : {way::fin, way::rst}) cut_each({target.port(), false}, how);
}

TEST_CASE("a tunnel of a proxy that is cut behind any byte, either way, gives the right answer or none") {
    const nothing_left behind;
    const secure::server target;
    cut_each({target.port(), true}, way::fin);
}
