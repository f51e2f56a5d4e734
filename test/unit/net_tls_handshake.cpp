// How a TLS connection begins: versions, protocols, sessions that are resumed, and bytes that come as they
// like.
#include "net_tls_site.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

using tls::client;

namespace {

constexpr std::initializer_list<int> versions{TLS1_2_VERSION, TLS1_3_VERSION};

/// Says whether the request came over TLS.
void secure_hello(tls::site& s) {
    s.routes.get("/", [](rill::request& request) {
        return rill::response::text(request.secure() ? "secure" : "plain");
    });
}

} // namespace

TEST_CASE("a request over TLS is answered, and knows that it came so") {
    for (const auto version : versions) {
        CAPTURE(version);
        tls::site s;
        secure_hello(s);
        client c{s.connect(), {.version = version}};
        CHECK(c.ask(tls::get).ends_with("\r\n\r\nsecure"));
        CHECK(SSL_version(c.ssl()) == version);
        CHECK(SSL_get_verify_result(c.ssl()) == X509_V_OK); // with the intermediate certificate of the chain
        CHECK(c.ask(tls::get).ends_with("\r\n\r\nsecure")); // and the connection goes on
    }
}

TEST_CASE("a request without TLS is not secure") {
    site s;
    s.routes.get("/", [](rill::request& request) {
        return rill::response::text(request.secure() ? "secure" : "plain");
    });
    CHECK(s.get("/") == "200 plain");
}

TEST_CASE("a handshake may come in two parts, cut anywhere") {
    for (const auto version : versions) {
        CAPTURE(version);
        tls::site s;
        secure_hello(s);
        std::size_t whole = 1;
        for (std::size_t cut = 0; cut <= whole; ++cut) {
            CAPTURE(cut);
            client c{s.connect(), {.version = version}};
            std::size_t sent = 0;
            for (bool moved = true; moved;) {
                const auto out = c.output();
                const auto first = std::min(out.size(), cut > sent ? cut - sent : 0);
                c.connection().send(out.substr(0, first));
                c.connection().send(out.substr(first));
                sent += out.size();
                const auto in = c.connection().receive();
                c.input(in);
                moved = !out.empty() || !in.empty();
            }
            whole = c.sent();
            REQUIRE(c.established());
            REQUIRE(c.ask(tls::get).ends_with("secure"));
        }
    }
}

TEST_CASE("all may come a byte at a time, both ways") {
    for (const auto version : versions) {
        CAPTURE(version);
        tls::site s;
        secure_hello(s);
        client c{s.connect(), {.version = version}};
        CHECK(c.ask(tls::get, 1).ends_with("\r\n\r\nsecure"));
    }
}

TEST_CASE("a handshake goes through a connection that holds ten bytes") {
    for (const auto version : versions) {
        CAPTURE(version);
        tls::site s;
        secure_hello(s);
        client c{s.connect(), {.version = version}};
        c.connection().window(10);
        CHECK(c.ask(tls::get).ends_with("\r\n\r\nsecure"));
    }
}

TEST_CASE("a request that comes right behind the handshake is answered, and several in one record") {
    tls::site s;
    secure_hello(s);
    client c{s.connect(), {.version = TLS1_3_VERSION}};
    c.connection().send(c.output());
    c.input(c.connection().receive());
    REQUIRE(c.established());
    auto bytes = c.output(); // the client's Finished
    c.write(std::string{tls::get} + std::string{tls::get});
    c.write(tls::get);
    bytes += c.output();
    c.connection().send(bytes);
    c.exchange();
    const auto answers = c.received();
    std::size_t count = 0;
    for (auto at = answers.find("secure"); at != answers.npos; at = answers.find("secure", at + 1)) ++count;
    CHECK(count == 3);
}

TEST_CASE("TLS before 1.2 is refused with protocol_version") {
    for (const auto version : {TLS1_VERSION, TLS1_1_VERSION}) {
        CAPTURE(version);
        tls::site s;
        client c{s.connect(), {.version = version}};
        c.exchange();
        CHECK_FALSE(c.established());
        CHECK(c.failure() == "tlsv1 alert protocol version");
        CHECK(c.connection().ended());
        CHECK(s.log.errors == 0);
    }
}

TEST_CASE("ALPN gives http/1.1 to who offers it, and nothing to who asks for nothing") {
    for (const auto version : versions) {
        CAPTURE(version);
        tls::site s;
        secure_hello(s);
        client c{s.connect(), {.version = version, .protocols = "\x02h2\x08http/1.1"}};
        CHECK(c.ask(tls::get).ends_with("secure"));
        CHECK(c.protocol() == "http/1.1");
        client silent{s.connect(), {.version = version}};
        CHECK(silent.ask(tls::get).ends_with("secure"));
        CHECK(silent.protocol().empty());
    }
}

TEST_CASE("a client that offers only other protocols is refused with no_application_protocol") {
    for (const auto version : versions) {
        CAPTURE(version);
        tls::site s;
        client c{s.connect(), {.version = version, .protocols = "\x02h2\x08http/1.0"}};
        c.exchange();
        CHECK_FALSE(c.established());
        CHECK(c.failure() == "tlsv1 alert no application protocol");
        CHECK(c.connection().ended());
    }
}

TEST_CASE("a session is resumed, also after the certificate was loaded again") {
    for (const auto version : versions) {
        CAPTURE(version);
        tls::site s;
        secure_hello(s);
        client first{s.connect(), {.version = version}};
        CHECK(first.ask(tls::get).ends_with("secure"));
        CHECK_FALSE(first.resumed());
        const auto kept = first.session_to_resume();

        client second{s.connect(), {.version = version, .resumes = kept.get()}};
        CHECK(second.ask(tls::get).ends_with("secure"));
        CHECK(second.resumed());

        const auto old = tls::credentials();
        s.shard().use_tls(old);
        client third{s.connect(), {.version = version}};
        CHECK(third.ask(tls::get).ends_with("secure"));
        s.shard().use_tls(tls::credentials("renewed", old.get()));
        const auto kept_before = third.session_to_resume();
        client fourth{s.connect(), {.version = version, .resumes = kept_before.get()}};
        CHECK(fourth.ask(tls::get).ends_with("secure"));
        CHECK(fourth.resumed());
        // A server with keys of its own resumes none of them, and says so by a whole handshake.
        s.shard().use_tls(tls::credentials("renewed"));
        client stranger{s.connect(), {.version = version, .resumes = kept_before.get()}};
        CHECK(stranger.ask(tls::get).ends_with("secure"));
        CHECK_FALSE(stranger.resumed());
    }
}

TEST_CASE("another certificate is for new connections; those that are open go on") {
    tls::site s;
    secure_hello(s);
    client before{s.connect()};
    CHECK(before.ask(tls::get).ends_with("secure"));
    client halfway{s.connect()};
    halfway.connection().send(halfway.output());
    s.shard().use_tls(tls::credentials("renewed"));
    client after{s.connect()};
    CHECK(after.ask(tls::get).ends_with("secure"));
    CHECK(after.peer_name() == "renewed localhost");
    CHECK(before.ask(tls::get).ends_with("secure"));
    CHECK(halfway.ask(tls::get).ends_with("secure"));
    CHECK(halfway.peer_name() == "localhost");
}

TEST_CASE("what a client does not trust it refuses, and the server goes on without a word") {
    tls::site s;
    std::string reason = "certificate verify failed";
    client wrong_host{s.connect(), {.host = "elsewhere.example"}};
    wrong_host.exchange();
    CHECK(wrong_host.failure() == reason);
    CHECK(SSL_get_verify_result(wrong_host.ssl()) == X509_V_ERR_HOSTNAME_MISMATCH);
    s.shard().use_tls(tls::credentials("expired"));
    client expired{s.connect()};
    expired.exchange();
    CHECK(expired.failure() == reason);
    CHECK(SSL_get_verify_result(expired.ssl()) == X509_V_ERR_CERT_HAS_EXPIRED);
    CHECK(wrong_host.connection().ended());
    CHECK(expired.connection().ended());
    CHECK(s.log.lines.empty());
    CHECK(s.shard().connections() == 0);
}
