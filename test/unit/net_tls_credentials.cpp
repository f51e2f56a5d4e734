// The files of a certificate and its key.
#include <rill/net/error.hpp>

#include "net_tls_site.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

namespace {

/// A directory for the files of a test.
class directory {
public:
    directory() {
        auto name = (std::filesystem::temp_directory_path() / "rill-tls-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        path_ = name;
    }
    directory(const directory&) = delete;
    directory& operator=(const directory&) = delete;
    ~directory() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::string put(const char* name, const std::string& text) const {
        std::ofstream{path_ / name} << text;
        return path_ / name;
    }
    [[nodiscard]] std::string operator/(const char* name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

std::string text_of(std::string_view name) {
    std::ostringstream text;
    text << std::ifstream{tls::file(name)}.rdbuf();
    return text.str();
}

/// What a server says to these files, which must not do.
std::string complaint(const std::string& certificate, const std::string& key, const std::error_code& code) {
    const rill::router routes;
    try {
        const rill::server server{
            routes, {.port = 0, .threads = 1, .tls = {.certificate = certificate, .private_key = key}}};
    } catch (const rill::error& cause) {
        CHECK(cause.code() == code);
        return cause.what();
    }
    return "nothing";
}

const std::error_code bad_certificate = rill::net_errc::certificate_not_usable;
const std::error_code bad_key = rill::net_errc::private_key_not_usable;

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("a server with a certificate and its key says https") {
    const rill::router routes;
    const auto certificate = tls::file("server.pem"), key = tls::file("server.key");
    const rill::server server{
        routes, {.port = 0, .threads = 1, .tls = {.certificate = certificate, .private_key = key}}};
    CHECK(server.url() == fmt::format("https://127.0.0.1:{}", server.port()));
}

TEST_CASE("certificate and key may be in one file") {
    const directory here;
    const auto both = here.put("both.pem", text_of("server.key") + text_of("server.pem"));
    CHECK(rill::detail::load_credentials({both, both}, nullptr));
}

TEST_CASE("a file that cannot be read is named, with the system's reason") {
    const directory here;
    const auto good = tls::file("server.pem"), key = tls::file("server.key");
    const std::error_code missing{ENOENT, std::system_category()}, folder{EISDIR, std::system_category()};
    CHECK(complaint(here / "none.pem", key, missing)
              .starts_with(fmt::format("cannot read {}: ", here / "none.pem")));
    CHECK(complaint(good, here / "none.key", missing)
              .starts_with(fmt::format("cannot read {}: ", here / "none.key")));
    CHECK(has(complaint(here / ".", key, folder), here / "."));
    CHECK(has(complaint(good, here / ".", folder), here / "."));
}

TEST_CASE("a file without a certificate is refused") {
    const directory here;
    const auto key = tls::file("server.key");
    const auto broken = text_of("server.pem").replace(200, 20, "####################");
    for (const auto& text : {std::string{}, std::string{"hello\n"}, text_of("server.key"), broken}) {
        CAPTURE(text);
        const auto file = here.put("certificate.pem", text);
        const auto said = complaint(file, key, bad_certificate);
        CHECK(said.starts_with(file + ": "));
    }
}

TEST_CASE("a chain that is broken behind its first certificate is refused") {
    const directory here;
    const auto chain = text_of("server.pem");
    const auto end = chain.rfind("-----END");
    for (const auto& text : {chain.substr(0, end), std::string{chain}.replace(end - 100, 10, "##########")}) {
        CAPTURE(text);
        const auto file = here.put("chain.pem", text);
        CHECK(complaint(file, tls::file("server.key"), bad_certificate).starts_with(file + ": "));
    }
}

TEST_CASE(
    "a file without a key, with another's, or with one that is encrypted is refused, and nobody is asked") {
    const directory here;
    const auto certificate = tls::file("server.pem");
    const auto encrypted = here / "encrypted.key";
    REQUIRE(std::system(fmt::format("openssl pkcs8 -topk8 -v2 aes256 -passout pass:secret -in {} -out {}",
                                    tls::file("server.key"), encrypted)
                            .c_str()) == 0);
    const auto of_another_kind = here / "ed25519.key";
    REQUIRE(std::system(fmt::format("openssl genpkey -algorithm ED25519 -out {}", of_another_kind).c_str()) ==
            0);
    for (const auto& file : {here.put("empty.key", ""), here.put("junk.key", "hello\n"), certificate,
                             encrypted, of_another_kind, tls::file("renewed.key")}) {
        CAPTURE(file);
        const auto said = complaint(certificate, file, bad_key);
        CHECK(said.starts_with(file + ": "));
        CHECK_FALSE(has(said, "OpenSSL's error"));
    }
    CHECK(has(complaint(certificate, tls::file("renewed.key"), bad_key), "key values mismatch"));
}

TEST_CASE("a certificate without a key, or a key without a certificate, is refused") {
    CHECK(has(complaint(tls::file("server.pem"), "", bad_key), "needs a private key"));
    CHECK(has(complaint("", tls::file("server.key"), bad_certificate), "needs a certificate"));
}

TEST_CASE("certificates that cannot be loaded again are told of, and the old ones stay") {
    const directory here;
    const rill::router routes;
    const auto certificate = here.put("server.pem", text_of("server.pem"));
    const auto key = here.put("server.key", text_of("server.key"));
    rill::server server{routes,
                        {.port = 0, .threads = 2, .tls = {.certificate = certificate, .private_key = key}}};
    server.reload_certificates();
    static_cast<void>(here.put("server.pem", text_of("renewed.pem"))); // the key does not fit any more
    CHECK_THROWS_AS(server.reload_certificates(), rill::error);
    static_cast<void>(here.put("server.key", text_of("renewed.key")));
    server.reload_certificates();
    std::filesystem::remove(certificate);
    CHECK_THROWS_AS(server.reload_certificates(), rill::error);
}

TEST_CASE("a server without TLS has nothing to load again") {
    const rill::router routes;
    rill::server server{routes, {.port = 0, .threads = 1}};
    server.reload_certificates();
    CHECK(server.url().starts_with("http://"));
}
