#include <doctest/doctest.h>
#include <llhttp.h>

#include <string_view>

namespace {

llhttp_errno_t parse(std::string_view head, llhttp_type_t kind = HTTP_REQUEST) {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    llhttp_t parser;
    llhttp_init(&parser, kind, &settings);
    return llhttp_execute(&parser, head.data(), head.size());
}

} // namespace

TEST_CASE("the llhttp that is linked is strict by itself, without the guard before it") {
    CHECK(parse("GET / HTTP/1.1\r\nHost: x\r\n\r\n") == HPE_OK);
    CHECK(parse("GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n") == HPE_INVALID_HEADER_TOKEN);
    CHECK(parse("GET / HTTP/1.1\r\nHost: x\r\n\rX\r\n") != HPE_OK);
    CHECK(parse("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n") != HPE_OK);
    CHECK(parse("HTTP/1.1 200 OK\r\nA: b\r\n\r\n", HTTP_RESPONSE) == HPE_OK);
    CHECK(parse("HTTP/1.1 200 OK\rA: b\r\n\r\n", HTTP_RESPONSE) == HPE_STRICT);
    CHECK(parse("HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", HTTP_RESPONSE) == HPE_INVALID_HEADER_TOKEN);
}
