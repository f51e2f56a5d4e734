// https: whom a client trusts, and what it says where it does not.
#include <rill/client/error.hpp>

#include "client/asking.hpp"
#include "client/scripted_server.hpp"
#include "client/secure_server.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <unistd.h>

using namespace asking;
using rill::client_errc;
using rill::client_request;
using rill::method;
using scripted::connection;
using secure::file;
using secure::ours;
using secure::trusting;

namespace {

const std::string other = file("other_ca.pem");

} // namespace

TEST_CASE("a server whose authority is trusted is asked, by its name and by its address") {
    const secure::server server;
    for (const auto* const host : {"localhost", "127.0.0.1"}) {
        CAPTURE(host);
        CHECK(get(server.url("/", host), trusting(ours)).body == "secret");
    }
}

TEST_CASE("a dot behind the host's name is no part of the name that a certificate is for, nor of SNI") {
    const secure::server server;
    CHECK(get(server.url("/", "localhost."), trusting(ours)).body == "secret");
    std::string hello;
    scripted::gate heard;
    scripted::server listening{[&](connection& c) {
        hello = c.some();
        heard.open();
    }};
    const auto url = "https://localhost.:" + std::to_string(listening.port()) + "/";
    CHECK(failure_of(url, trusting(ours)) != std::error_code{});
    heard.wait();
    CHECK(hello.find("localhost") != hello.npos);
    CHECK(hello.find("localhost.") == hello.npos);
}

TEST_CASE("requests over TLS share a connection, and event streams come back over TLS") {
    const secure::server server;
    rill::http_client client{server.url(), trusting(ours)};
    rill::event_source source{client, "/events", eager()};
    texts taken;
    run([&]() -> rill::task<void> {
        for (int n = 0; n < 3; ++n) {
            const auto got = co_await whole(client, client_request{method::get, "/"});
            CHECK(got.body == "secret");
        }
        taken = co_await take(source, 3);
    });
    CHECK(taken == texts{"message||x", "message|x|xx", "message|xx|xxx"});
}

TEST_CASE("a certificate that is not to be trusted is refused, with the reason, and not tried again") {
    const auto refusal = [](const std::string& name, const std::string& ca) {
        const secure::server server{name};
        CHECK(failure_of(server.url(), trusting(ca)) == client_errc::certificate_refused);
        rill::http_client client{{}, trusting(ca)};
        diary told;
        rill::event_source source{client, server.url("/events"), eager(&told)};
        CHECK(error_of([&]() -> rill::task<void> { (void)co_await source.next(); }) ==
              client_errc::certificate_refused);
        CHECK(told.lines == texts{"over"});
        return told.words.at(0);
    };
    const auto has = [](const std::string& words, std::string_view what) {
        CHECK_MESSAGE(words.find(what) != words.npos, words);
    };
    has(refusal("server", other), "certificate");
    has(refusal("wrong_host", ours), "ostname");
    has(refusal("expired", ours), "expired");
}

TEST_CASE("the system does not trust the authority of the tests") {
    const secure::server server;
    CHECK(failure_of(server.url()) == client_errc::certificate_refused);
}

TEST_CASE("who does not verify trusts everybody") {
    rill::client_options options;
    options.verify = false;
    for (const auto* const name : {"server", "wrong_host", "expired"}) {
        const secure::server server{name};
        CHECK(get(server.url(), options).body == "secret");
    }
}

TEST_CASE("files that are no certificates are refused when the client is made") {
    const auto code_with = [](const rill::client_options& options) {
        try {
            const rill::http_client client{{}, options};
        } catch (const rill::error& e) {
            return e.code();
        }
        return std::error_code{};
    };
    const auto missing = file("no-such-file.pem");
    const auto key = file("client.key");
    const auto chain = file("client.pem");
    const auto another_key = file("server.key");
    CHECK(code_with({.ca_file = missing}) == client_errc::invalid_certificate);
    CHECK(code_with({.ca_file = key}) == client_errc::invalid_certificate);
    CHECK(code_with({.certificate = missing, .private_key = key}) == client_errc::invalid_certificate);
    CHECK(code_with({.certificate = chain, .private_key = missing}) == client_errc::invalid_certificate);
    CHECK(code_with({.certificate = chain}) == client_errc::invalid_certificate);
    CHECK(code_with({.private_key = key}) == client_errc::invalid_certificate);
    CHECK(code_with({.certificate = chain, .private_key = another_key}) == client_errc::invalid_certificate);
    CHECK(code_with({.certificate = chain, .private_key = key}) == std::error_code{});
}

TEST_CASE("a key that is encrypted is refused, and nobody is asked for its passphrase") {
    const auto folder = std::filesystem::temp_directory_path() / ("rill-key-" + std::to_string(::getpid()));
    std::filesystem::create_directory(folder);
    const auto key = (folder / "encrypted.key").string();
    REQUIRE(std::system(("openssl pkcs8 -topk8 -v2 aes256 -passout pass:secret -in " + file("client.key") +
                         " -out " + key)
                            .c_str()) == 0);
    const auto chain = file("client.pem");
    // Where there is no terminal OpenSSL asks standard input, which has the answer.
    std::array<int, 2> answer{};
    REQUIRE(::pipe(answer.data()) == 0);
    REQUIRE(::write(answer[1], "secret\n", 7) == 7);
    const int input = ::dup(STDIN_FILENO);
    ::dup2(answer[0], STDIN_FILENO);
    std::string words;
    try {
        const rill::http_client client{{}, {.certificate = chain, .private_key = key}};
    } catch (const rill::error& refused) {
        CHECK(refused.code() == client_errc::invalid_certificate);
        words = refused.what();
    }
    ::dup2(input, STDIN_FILENO);
    for (const int each : {input, answer[0], answer[1]}) ::close(each);
    std::filesystem::remove_all(folder);
    CHECK(words.starts_with(key + ": it is encrypted"));
}

TEST_CASE("what speaks no TLS is an error of TLS, and is tried again by a source") {
    scripted::server server{[](connection& c) {
        (void)c.exactly(3);
        c.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        c.finish();
    }};
    CHECK(failure_of("https://" + server.authority() + "/", trusting(ours)) == client_errc::tls_failed);
}

TEST_CASE("a connection that ends in the handshake is an error of TLS") {
    scripted::server server{[](connection& c) { (void)c.exactly(3); }};
    const auto code = failure_of("https://" + server.authority() + "/", trusting(ours));
    CHECK((code == client_errc::tls_failed || code == std::errc::connection_reset));
}

TEST_CASE("a handshake has a bound") {
    scripted::server server{[](connection& c) { CHECK(c.is_left()); }};
    auto options = trusting(ours);
    options.tls_timeout = 50ms;
    CHECK(failure_of("https://" + server.authority() + "/", options) == client_errc::tls_timeout);
}

TEST_CASE("a tunnel of a proxy carries TLS, and the proxy sees nothing of it") {
    const secure::server behind;
    const auto target = behind.url().substr(std::string_view{"https://"}.size());
    const auto authority = target.substr(0, target.find('/'));
    std::string seen;
    scripted::gate over;
    scripted::server proxy{[&](connection& c) {
        seen = c.request();
        support::socket_client upstream{"http://127.0.0.1" + authority.substr(authority.find(':'))};
        c.send("HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n");
        std::thread back{[&] {
            try {
                for (auto bytes = upstream.receive(); !bytes.empty(); bytes = upstream.receive())
                    c.send(bytes);
            } catch (const std::system_error&) {
            } // the client has left
        }};
        for (auto bytes = c.some(); !bytes.empty(); bytes = c.some()) {
            seen += bytes;
            upstream.send(bytes);
        }
        upstream.finish();
        back.join();
        over.open();
    }};
    ::setenv("https_proxy", proxy.url().c_str(), 1);
    {
        rill::http_client client{{}, trusting(ours)};
        ::unsetenv("https_proxy");
        const auto got = ask(client, client_request{method::get, behind.url()});
        CHECK(got.body == "secret");
    }
    over.wait();
    CHECK(seen.starts_with("CONNECT " + authority + " HTTP/1.1\r\n"));
    CHECK(seen.find("secret") == seen.npos);
}
