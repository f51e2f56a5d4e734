#include "http_transcript.hpp"

#include <string_view>

using namespace std::literals;

// What is refused, with which status, and what is not: each case whole, byte by byte and cut at every place.

namespace {

struct request_verdict {
    std::string_view what, bytes;
    int refused = 0;
};

template <std::size_t N>
void check_requests(const request_verdict (&cases)[N]) {
    for (const auto& [what, bytes, refused] : cases) {
        CAPTURE(what);
        CHECK(read_connection(bytes).refused == refused);
    }
}

} // namespace

TEST_CASE("a line that does not end in CRLF is refused") {
    check_requests({
        {"as it should be", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"sv},
        {"CR before a Content-Length",
         "GET / HTTP/1.1\r\nHost: x\r\nDummy: x\rContent-Length: 23\r\n\r\nGET / HTTP/1.1\r\nDummy: GET /admin HTTP/1.1\r\nHost: x\r\n\r\n"sv,
         400},
        {"CR after an empty value",
         "GET / HTTP/1.1\r\nHost: x\r\nDummy:\rContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n"sv, 400},
        {"CR after Content-Length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\rA: b\r\n\r\na"sv, 400},
        {"CR after Transfer-Encoding",
         "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\rA: b\r\n\r\n0\r\n\r\n"sv, 400},
        {"CR after Connection", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\rA: b\r\n\r\n"sv, 400},
        {"CR after a blank value", "GET / HTTP/1.1\r\nHost: x\r\nDummy: \rA: b\r\n\r\n"sv, 400},
        {"CR CRLF after the last field", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\r\n\r\n"sv, 400},
        {"CR after the request line", "GET / HTTP/1.1\rHost: x\r\n\r\n"sv, 400},
        {"no version, LF LF", "GET /\n\n"sv, 400},
        {"CR before Transfer-Encoding",
         "GET / HTTP/1.1\r\nHost: x\r\nA: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv, 400},
        {"CR inside a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n"sv, 400},
        {"CR CRLF after Host", "GET / HTTP/1.1\r\nHost: x\r\r\n\r\n"sv, 400},
        {"LF everywhere", "GET / HTTP/1.1\nHost: x\n\n"sv, 400},
        {"LF after the request line", "GET / HTTP/1.1\nHost: x\r\n\r\n"sv, 400},
        {"LF after a field", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n"sv, 400},
        {"LF as the empty line", "GET / HTTP/1.1\r\nHost: x\r\n\n"sv, 400},
        {"CR as the empty line", "GET / HTTP/1.1\r\nHost: x\r\n\rX"sv, 400},
        {"no fields, LF as the empty line", "GET / HTTP/1.0\r\n\n"sv, 400},
    });
}

TEST_CASE("a field that readers take for different ones is refused") {
    check_requests({
        {"folded", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"sv, 400},
        {"folded with a tab", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n\r\n"sv, 400},
        {"folded, empty", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n \r\n\r\n"sv, 400},
        {"space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"sv, 400},
        {"space before the colon of Transfer-Encoding",
         "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"sv, 400},
        {"tab before the colon", "GET / HTTP/1.1\r\nHost\t: x\r\n\r\n"sv, 400},
        {"space before the first field", "GET / HTTP/1.1\r\n Host: x\r\n\r\n"sv, 400},
        {"NUL in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"sv, 400},
        {"0x01 in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\001c\r\n\r\n"sv, 400},
        {"DEL in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\177c\r\n\r\n"sv, 400},
        {"NUL in a name", "GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n"sv, 400},
        {"a parenthesis in a name", "GET / HTTP/1.1\r\nHo(st: x\r\n\r\n"sv, 400},
        {"8-bit in a name", "GET / HTTP/1.1\r\nHost: x\r\n\xe9: x\r\n\r\n"sv, 400},
        {"an empty name", "GET / HTTP/1.1\r\n: x\r\n\r\n"sv, 400},
        {"an empty name after a field", "GET / HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n"sv, 400},
        {"no colon", "GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n"sv, 400},
        {"8-bit in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: \xff\r\n\r\n"sv},
        {"tab in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: \tb\tc\t\r\n\r\n"sv},
        {"no white space", "GET / HTTP/1.1\r\nHost:x\r\nA:\r\n\r\n"sv},
    });
}

TEST_CASE("a request line that is none is refused") {
    check_requests({
        {"NUL in the target", "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"UTF-8 in the target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"tab in the target", "GET /a\tb HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"fragment in the target", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"a bad escape in the target", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"no slash", "GET a HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"asterisk", "GET * HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"asterisk of OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"sv},
        {"absolute", "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n"sv},
        {"absolute with user", "GET http://u@x/ HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"no version", "GET /\r\n\r\n"sv, 400},
        {"no target", "GET HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"two spaces", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"two spaces before the version", "GET /  HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"tab after the method", "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"space after the version", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n"sv, 400},
        {"leading spaces", "  GET / HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"empty line before", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"sv},
        {"two empty lines before", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"sv},
        {"three empty lines before", "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"LF before", "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"CR before", "\rGET / HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"CR CRLF before", "\r\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"a TLS ClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv, 400},
        {"a byte order mark", "\xef\xbb\xbfGET / HTTP/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"only a line end", "GET\r\n\r\n"sv, 400},
    });
}

TEST_CASE("methods and versions that are not spoken have their own status") {
    check_requests({
        {"a lower-case method", "get / HTTP/1.1\r\nHost: x\r\n\r\n"sv, 501},
        {"an unknown method", "BREW / HTTP/1.1\r\nHost: x\r\n\r\n"sv, 501},
        {"an endless method", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"sv, 501},
        {"CONNECT", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n"sv, 501},
        {"QUERY", "QUERY / HTTP/1.1\r\nHost: x\r\n\r\n"sv},
        {"REPORT", "REPORT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na"sv},
        {"M-SEARCH", "M-SEARCH / HTTP/1.1\r\nHost: x\r\n\r\n"sv},
        {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: x\r\n\r\n"sv, 505},
        {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: x\r\n\r\n"sv, 505},
        {"HTTP/0.9", "GET / HTTP/0.9\r\nHost: x\r\n\r\n"sv, 505},
        {"HTTP/3.7", "GET / HTTP/3.7\r\nHost: x\r\n\r\n"sv, 505},
        {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv, 505},
        {"HTTP/1", "GET / HTTP/1\r\nHost: x\r\n\r\n"sv, 400},
        {"HTTP/1.", "GET / HTTP/1.\r\nHost: x\r\n\r\n"sv, 400},
        {"HTTP/1.10", "GET / HTTP/1.10\r\nHost: x\r\n\r\n"sv, 400},
        {"HTTP/11.1", "GET / HTTP/11.1\r\nHost: x\r\n\r\n"sv, 400},
        {"http/1.1", "GET / http/1.1\r\nHost: x\r\n\r\n"sv, 400},
        {"RTSP/1.0", "GET / RTSP/1.0\r\nHost: x\r\n\r\n"sv, 400},
        {"ICE/1.0", "GET / ICE/1.0\r\nHost: x\r\n\r\n"sv, 400},
        {"ICY", "ICY 200 OK\r\n\r\n"sv, 501},
        {"a response", "HTTP/1.1 200 OK\r\n\r\n"sv, 400},
    });
}

TEST_CASE("Host is there once, and is a host") {
    check_requests({
        {"none", "GET / HTTP/1.1\r\n\r\n"sv, 400},
        {"none in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n"sv},
        {"two", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"sv, 400},
        {"two that are equal", "GET / HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n"sv, 400},
        {"two in HTTP/1.0", "GET / HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n"sv, 400},
        {"empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n"sv, 400},
        {"a list", "GET / HTTP/1.1\r\nHost: x, y\r\n\r\n"sv, 400},
        {"a path", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"sv, 400},
        {"a user", "GET / HTTP/1.1\r\nHost: u@x\r\n\r\n"sv, 400},
        {"a bad port", "GET / HTTP/1.1\r\nHost: x:y\r\n\r\n"sv, 400},
        {"8-bit", "GET / HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n"sv, 400},
        {"a name and a port", "GET / HTTP/1.1\r\nHost: x.org:80\r\n\r\n"sv},
        {"an IPv6 address", "GET / HTTP/1.1\r\nHost: [::1]:5800\r\n\r\n"sv},
        {"none beside an absolute target", "GET http://x/ HTTP/1.1\r\n\r\n"sv, 400},
        {"another one beside an absolute target", "GET http://x/ HTTP/1.1\r\nHost: y\r\n\r\n"sv},
    });
}

TEST_CASE("a body whose end is in doubt is refused") {
    check_requests({
        {"length and coding",
         "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv,
         400},
        {"coding and length",
         "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"sv,
         400},
        {"identity and length",
         "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nabcde"sv,
         400},
        {"two equal lengths",
         "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"sv, 400},
        {"two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\nab"sv,
         400},
        {"+1", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na"sv, 400},
        {"-1", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\na"sv, 400},
        {"-0", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -0\r\n\r\n"sv, 400},
        {"0x1", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\na"sv, 400},
        {"1.0", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1.0\r\n\r\na"sv, 400},
        {"1, 1", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\na"sv, 400},
        {"1 1", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1 1\r\n\r\na"sv, 400},
        {"empty", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \r\n\r\n"sv, 400},
        {"2^64", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n"sv, 400},
        {"2^64 - 1", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n"sv, 413},
        {"white space around it", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\t 1 \r\n\r\na"sv},
        {"chunked, identity",
         "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"sv, 400},
        {"identity", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"sv, 501},
        {"gzip, chunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"sv,
         501},
        {"gzip and chunked",
         "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv,
         501},
        {"xchunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"sv, 501},
        {"chunked;a=b", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n"sv,
         501},
        {"an empty coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n"sv, 400},
        {"chunked and a comma",
         "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n"sv, 400},
        {"chunked twice",
         "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv,
         400},
        {"chunked,chunked",
         "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"sv, 400},
        {"chunked and gzip",
         "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n"sv,
         400},
        {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv,
         400},
        {"Chunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n"sv},
    });
}

TEST_CASE("what frames a chunk is taken to the letter") {
    const auto refused = [](std::string_view chunks) {
        return read_connection("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
                               std::string{chunks})
            .refused;
    };
    for (const auto good :
         {"0\r\n\r\n"sv, "1\r\na\r\n0\r\n\r\n"sv, "00A\r\n0123456789\r\n000\r\n\r\n"sv,
          "1;a\r\na\r\n0;b=c\r\n\r\n"sv, "1;a=b;c;d=\"e \\\" \xff;\";f\r\na\r\n0\r\n\r\n"sv,
          "0000000000000001\r\na\r\n0\r\n\r\n"sv, "0\r\nA: b\r\n\r\n"sv, "0\r\nA: b\r\nC:\r\n\r\n"sv,
          "0\r\nContent-Length: 5\r\nHost: y\r\n\r\n"sv, "0\r\nTransfer-Encoding: chunked\r\n\r\n"sv,
          "1;ab\r\na\r\n0\r\n\r\n"sv, "1; a\r\na\r\n0\r\n\r\n"sv, "1 ;a\r\na\r\n0\r\n\r\n"sv,
          "1;a =b\r\na\r\n0\r\n\r\n"sv, "1;a= b\r\na\r\n0\r\n\r\n"sv,
          "1\t ; \ta \t=\t b\t;\tc ;d=\"e f\" ;g\r\na\r\n0 ; h\r\n\r\n"sv}) {
        CAPTURE(good);
        CHECK(refused(good) == 0);
    }
    for (const auto bad : {"1\na\r\n0\r\n\r\n"sv,
                           "1\r\naXX0\r\n\r\n"sv,
                           "1\r\na\n0\r\n\r\n"sv,
                           "1\r\na\r0\r\n\r\n"sv,
                           "1 \r\na\r\n0\r\n\r\n"sv,
                           " 1\r\na\r\n0\r\n\r\n"sv,
                           "\t1\r\n"sv,
                           "1\t\r\n"sv,
                           "0x1\r\na\r\n0\r\n\r\n"sv,
                           "1;a\nb\r\na\r\n0\r\n\r\n"sv,
                           "1;a\rb\r\na\r\n0\r\n\r\n"sv,
                           "\r\n"sv,
                           ";a\r\n"sv,
                           "-1\r\n"sv,
                           "+1\r\n"sv,
                           "g\r\n"sv,
                           "1g\r\n"sv,
                           "1;\r\n"sv,
                           "1;=b\r\n"sv,
                           "1;a=\r\n"sv,
                           "1;a=b=c\r\n"sv,
                           "1 \t\r\n"sv,
                           "1;a \r\n"sv,
                           "1;a=b \r\n"sv,
                           "1;a=\"b\"\t\r\n"sv,
                           "1 a\r\n"sv,
                           "1 1\r\n"sv,
                           "1 =a\r\n"sv,
                           "1; \r\n"sv,
                           "1; ;a\r\n"sv,
                           "1;a= \r\n"sv,
                           "1;a =\r\n"sv,
                           "1;a b\r\n"sv,
                           "1;a=b c\r\n"sv,
                           "1;a=b =c\r\n"sv,
                           "1;a = = b\r\n"sv,
                           "1;a=\"b\" \"c\"\r\n"sv,
                           "1;a=b\"c\"\r\n"sv,
                           "1;a= b\nx\r\n"sv,
                           "1 \n\r\n"sv,
                           "1\v;a\r\n"sv,
                           "1;a=\"b\r\n"sv,
                           "1;a=\"b\"c\r\n"sv,
                           "1;a=\"\\\r\n"sv,
                           "1;a=\"\0\"\r\n"sv,
                           "1=a\r\n"sv,
                           "1,\r\n"sv,
                           "00000000000000001\r\n"sv,
                           "fffffffffffffffff\r\n"sv,
                           "\0\r\n"sv,
                           "1\r\r\n"sv,
                           "0\n\r\n"sv,
                           "0\r\n\n"sv,
                           "0\r\n\rX"sv,
                           "0\r\nA: b\n\r\n"sv,
                           "0\r\nA: b\r\n c\r\n\r\n"sv,
                           "0\r\n A: b\r\n\r\n"sv,
                           "0\r\nA : b\r\n\r\n"sv,
                           "0\r\n: b\r\n\r\n"sv,
                           "0\r\nA: \0\r\n\r\n"sv,
                           "0\r\nA\r\n\r\n"sv,
                           "0\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"sv,
                           "0\r\n0\r\n\r\n"sv}) {
        CAPTURE(bad);
        CHECK(refused(bad) == 400);
    }
    CHECK(refused("ffffffffffffffff\r\n") == 413);
}

TEST_CASE("only one expectation is known") {
    check_requests({
        {"100-continue", "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 0\r\n\r\n"sv},
        {"another one", "GET / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\n\r\n"sv, 417},
        {"two", "GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue, x\r\n\r\n"sv, 417},
        {"two fields", "GET / HTTP/1.1\r\nHost: x\r\nExpect: x\r\nExpect: 100-continue\r\n\r\n"sv, 417},
        {"a parameter", "GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue; q=1\r\n\r\n"sv, 417},
        {"another beside empty elements", "GET / HTTP/1.1\r\nHost: x\r\nExpect: , x,\r\n\r\n"sv, 417},
        {"the same twice",
         "GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue, 100-continue\r\nExpect: 100-continue\r\n\r\n"sv},
        {"empty", "GET / HTTP/1.1\r\nHost: x\r\nExpect:\r\n\r\n"sv},
        {"empty elements", "GET / HTTP/1.1\r\nHost: x\r\nExpect: ,\t, 100-continue,\r\n\r\n"sv},
    });
}

TEST_CASE("a TAB around a value is as good as a space, whatever the field") {
    constexpr std::string_view fields[]{"Host: x",
                                        "Content-Length: 1",
                                        "Connection: close",
                                        "Expect: 100-continue",
                                        "Transfer-Encoding: chunked",
                                        "A: b"};
    for (const auto field : fields) {
        const auto colon = field.find(':');
        const auto name = std::string{field.substr(0, colon + 1)};
        const auto value = field.substr(colon + 2);
        const auto with = [&](std::string_view before, std::string_view behind) {
            std::string bytes = "POST / HTTP/1.1\r\n";
            if (name != "Host:") bytes += "Host: x\r\n";
            bytes.append(name).append(before).append(value).append(behind).append("\r\n\r\n");
            if (name == "Content-Length:") bytes += "a";
            if (name == "Transfer-Encoding:") bytes += "1\r\na\r\n0\r\n\r\n";
            return read_connection(bytes);
        };
        const auto usual = with(" ", "");
        CHECK(usual.refused == 0);
        CHECK(usual.messages.find(value) != usual.messages.npos);
        for (const auto blanks : {""sv, "\t"sv, " \t"sv, "\t "sv, "\t \t\t  "sv}) {
            CAPTURE(name);
            CAPTURE(blanks);
            CHECK(with(blanks, "") == usual);
            CHECK(with("", blanks) == usual);
            CHECK(with(blanks, blanks) == usual);
        }
    }
    CHECK(read_connection("GET / HTTP/1.1\r\nHost: x\r\nA: b\tc  d\r\n\r\n").messages ==
          "GET / 1.1 Host=x A=b\tc  d []\n"); // those inside stay what they are
    check_requests({
        {"a TAB in a length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\t1\r\n\r\na"sv, 400},
        {"a TAB and another length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\t,1\r\n\r\na"sv, 400},
        {"a TAB and no length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \t\r\n\r\na"sv, 400},
        {"a VT behind a length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\v\r\n\r\na"sv, 400},
        {"a TAB in a coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chun\tked\r\n\r\n"sv, 501},
        {"a TAB in a host", "GET / HTTP/1.1\r\nHost: x\ty\r\n\r\n"sv, 400},
        {"a TAB that folds", "GET / HTTP/1.1\r\nHost: x\r\n\tContent-Length: 1\r\n\r\n"sv, 400},
        {"a TAB before the colon", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length\t: 1\r\n\r\na"sv, 400},
    });
}
