// Whoever awaits an answer over TLS is cancelled behind each byte on the way, and wherever that may wait.
#include "client/asking.hpp"
#include "client/cancelling.hpp"
#include "client/cutting.hpp"
#include "client/scripted_server.hpp"
#include "client/way_to_https.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <functional>
#include <string>

using namespace cancelling;
using namespace cutting;
using rill::client_request;
using rill::method;
using secure::way_to_https;

namespace {

/// Asks, and looks whether what is asked behind that is answered. False if it was cancelled.
bool asks(const way_to_https& to, const scripted::server& between,
          const std::function<bool(const cancellable::work&)>& attempt) {
    const auto client = to.client(between);
    std::string got;
    const bool done = attempt([&]() -> rill::task<void> {
        got = (co_await whole(*client, client_request{method::get, to.url(between)})).body;
    });
    CHECK(got == (done ? "secret" : ""));
    CHECK(outcome_of(*client, to.url(between)).is_right("secret"));
    return done;
}

/// Cancels it when so much has gone, from the client or to it.
void cancel_one(const way_to_https& to, const scripted::traffic& most, bool must_fail) {
    cancellable asking;
    const auto cancel = [&](connection& c) { asking.cancel(c); };
    scripted::server between{{to.script(most, cancel), to.script()}};
    const bool done = asks(to, between, [&](const auto& work) { return asking.completes(work); });
    if (must_fail) CHECK_FALSE(done);
}

/// Cancels it behind each byte, each way.
void cancel_each(const way_to_https& to) {
    // Handshakes differ by some bytes in their length.
    constexpr std::size_t varies = 32;
    const auto all = to.measured();
    for (const auto at : places(all.from_client)) {
        INFO("behind ", at, " bytes of ", all.from_client, " from the client");
        cancel_one(to, {.from_client = at}, at + varies < all.from_client);
    }
    for (const auto at : places(all.to_client)) {
        INFO("behind ", at, " bytes of ", all.to_client, " to the client");
        cancel_one(to, {.to_client = at}, at + varies < all.to_client);
    }
}

} // namespace

TEST_CASE("whoever awaits a proxy's tunnel may be cancelled behind any byte of its answer") {
    const nothing_left behind;
    const secure::server target;
    const way_to_https to{target.port(), true};
    const std::string answer = "HTTP/1.1 200 Connection established\r\nX-Field: value\r\n\r\n";
    for (std::size_t sent = 0; sent <= answer.size(); ++sent) {
        CAPTURE(sent);
        cancellable asking;
        scripted::server proxy{{[&](connection& c) {
                                    (void)c.request();
                                    c.send(answer.substr(0, sent));
                                    asking.cancel(c);
                                },
                                to.script()}};
        CHECK_FALSE(asks(to, proxy, [&](const auto& work) { return asking.completes(work); }));
    }
}

TEST_CASE("whoever awaits an answer over TLS may be cancelled behind any byte, either way") {
    const nothing_left behind;
    const secure::server target;
    cancel_each({target.port(), false});
}

TEST_CASE("whoever awaits an answer over TLS may be cancelled wherever that waits, behind a proxy or not") {
    const nothing_left behind;
    const secure::server target;
    for (const bool tunnel : {false, true})
        cancel_at_each_suspension([&](std::size_t handlers) {
            const way_to_https to{target.port(), tunnel};
            cancellable asking;
            scripted::server between{to.script()};
            return asks(to, between,
                        [&](const auto& work) { return asking.completes_within(handlers, work); });
        });
}

TEST_CASE("a source over TLS that is cancelled wherever it waits gets each event once") {
    const nothing_left behind;
    const secure::server target;
    rill::http_client client{target.url(), secure::trusting(secure::ours)};
    const texts all{"message||x", "message|x|xx"};
    cancel_at_each_suspension([&](std::size_t handlers) {
        cancellable following;
        rill::event_source source{client, "/events", at_once};
        texts got;
        const auto follow = [&]() -> rill::task<void> {
            while (got.size() < all.size()) got.push_back((co_await take(source, 1)).at(0));
        };
        const bool done = following.completes_within(handlers, follow);
        if (!done) run(follow);
        CHECK(got == all);
        return done;
    });
}
