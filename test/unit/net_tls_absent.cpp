// A Rill that was built without OpenSSL.
#include <rill/rill.hpp>

#include <doctest/doctest.h>

#include <string>

TEST_CASE("TLS is refused with a word where it was not built in") {
    const rill::router routes;
    try {
        const rill::server server{routes,
                                  {.port = 0, .tls = {.certificate = "a.pem", .private_key = "a.key"}}};
        FAIL("it serves");
    } catch (const rill::error& cause) {
        CHECK(cause.code() == rill::net_errc::tls_unavailable);
        CHECK(std::string{cause.what()} == "cannot serve https: TLS is not built in");
    }
}
