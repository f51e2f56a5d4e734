#include "http_response_transcript.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

using namespace std::literals;
using fault = rill::response_fault;
using rill::method;

// What is refused, and why, and what is not: each case whole, byte by byte and cut at every place.

namespace {

constexpr std::optional<fault> taken;
constexpr std::optional bad = fault::malformed;
constexpr std::optional cut = fault::truncated;
constexpr std::optional large = fault::head_too_large;

struct verdict {
    std::string_view what, bytes;
    std::optional<fault> refused;
};

void check_all(method m, std::initializer_list<verdict> cases) {
    for (const auto& [what, bytes, refused] : cases) {
        CAPTURE(what);
        CHECK((read_responses(bytes, m).fault == refused));
    }
}

} // namespace

TEST_CASE("a status line that is none is refused") {
    check_all(
        method::get,
        {
            {"as it should be", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, taken},
            {"an empty reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"sv, taken},
            {"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"sv, taken},
            {"a reason of words", "HTTP/1.1 404 Not  Here\tat all \r\nContent-Length: 0\r\n\r\n"sv, taken},
            {"an 8-bit reason", "HTTP/1.1 200 G\xfct\r\nContent-Length: 0\r\n\r\n"sv, taken},
            {"the lowest final status", "HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n"sv, taken},
            {"the highest status", "HTTP/1.1 599 x\r\nContent-Length: 0\r\n\r\n"sv, taken},
            {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"sv, taken},
            {"status 600", "HTTP/1.1 600 x\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"status 999", "HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"status 099", "HTTP/1.1 099 x\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"status 000", "HTTP/1.1 000 x\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"a zero in front", "HTTP/1.1 0200 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"a letter in the status", "HTTP/1.1 20O OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"a sign", "HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"no status", "HTTP/1.1\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"no status but a space", "HTTP/1.1 \r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"two spaces", "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"a tab before the status", "HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"a tab behind the status", "HTTP/1.1 200\tOK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"a reason without space", "HTTP/1.1 200OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"NUL in the reason", "HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"DEL in the reason", "HTTP/1.1 200 O\177K\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"HTTP/2.0", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"HTTP/0.9", "HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"HTTP/1", "HTTP/1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"HTTP/01.1", "HTTP/01.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"a lower-case version", "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"ICY", "ICY 200 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"a body and no head, as in HTTP/0.9", "<html></html>"sv, bad},
            {"a request", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"sv, bad},
            {"an empty line before", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"LF before", "\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"a space before", " HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"a TLS alert", "\x15\x03\x01\x00\x02\x02\x28"sv, bad},
            {"the preface of an HTTP/2 server", "\x00\x00\x12\x04\x00\x00\x00\x00\x00"sv, bad},
        });
}

TEST_CASE("a line of a response that does not end in CRLF is refused") {
    check_all(method::get,
              {
                  {"LF after the status line", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"sv, bad},
                  {"LF after the status", "HTTP/1.1 200\nContent-Length: 0\r\n\r\n"sv, bad},
                  {"LF everywhere", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"sv, bad},
                  {"LF after a field", "HTTP/1.1 200 OK\r\nA: b\nContent-Length: 0\r\n\r\n"sv, bad},
                  {"LF as the empty line", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n"sv, bad},
                  {"CR after the status line", "HTTP/1.1 200 OK\rContent-Length: 0\r\n\r\n"sv, bad},
                  {"CR after the status", "HTTP/1.1 200\rContent-Length: 0\r\n\r\n"sv, bad},
                  {"CR in the reason", "HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n"sv, bad},
                  {"CR CRLF", "HTTP/1.1 200 OK\r\r\nContent-Length: 0\r\n\r\n"sv, bad},
                  {"CR in a value", "HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 0\r\n\r\n"sv, bad},
                  {"CR before a field", "HTTP/1.1 200 OK\r\nA: b\rContent-Length: 0\r\n\r\n"sv, bad},
                  {"CR as the empty line", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\rX"sv, bad},
                  {"CR CR LF as the empty line", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\r\n"sv, bad},
              });
}

TEST_CASE("a field of a response that readers take for different ones is refused") {
    check_all(
        method::get,
        {
            {"folded", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"folded with a tab", "HTTP/1.1 200 OK\r\nA: b\r\n\tc\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"folded at once", "HTTP/1.1 200 OK\r\n Content-Length: 0\r\n\r\n"sv, bad},
            {"space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n"sv, bad},
            {"tab before the colon", "HTTP/1.1 200 OK\r\nContent-Length\t: 0\r\n\r\n"sv, bad},
            {"space in a name", "HTTP/1.1 200 OK\r\nA b: c\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"no colon", "HTTP/1.1 200 OK\r\nA\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"an empty name", "HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"8-bit in a name", "HTTP/1.1 200 OK\r\n\xe9: b\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"NUL in a value", "HTTP/1.1 200 OK\r\nA: \0\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"0x01 in a value", "HTTP/1.1 200 OK\r\nA: \001\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"DEL in a value", "HTTP/1.1 200 OK\r\nA: \177\r\nContent-Length: 0\r\n\r\n"sv, bad},
            {"8-bit in a value", "HTTP/1.1 200 OK\r\nA: \xff\r\nContent-Length: 0\r\n\r\n"sv, taken},
            {"tab in a value", "HTTP/1.1 200 OK\r\nA: b\tc\r\nContent-Length:\t0\r\n\r\n"sv, taken},
            {"no white space", "HTTP/1.1 200 OK\r\nA:\r\nContent-Length:0\r\n\r\n"sv, taken},
            {"Upgrade without a 101",
             "HTTP/1.1 426 x\r\nConnection: upgrade\r\nUpgrade: y\r\nContent-Length: 1\r\n\r\na"sv, taken},
        });
}

TEST_CASE("a body that could end at two places is refused") {
    check_all(
        method::get,
        {
            {"Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"sv, taken},
            {"zeros before it", "HTTP/1.1 200 OK\r\nContent-Length: 003\r\n\r\nabc"sv, taken},
            {"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"sv,
             taken},
            {"chunked in capitals", "HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: Chunked\r\n\r\n0\r\n\r\n"sv,
             taken},
            {"neither", "HTTP/1.1 200 OK\r\n\r\nabc"sv, taken},
            {"neither, in HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nabc"sv, taken},
            {"both", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv,
             bad},
            {"both, the other way round",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"sv, bad},
            {"Transfer-Encoding in HTTP/1.0",
             "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv, bad},
            {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"sv, bad},
            {"the same length twice",
             "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"sv, bad},
            {"a list of lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nabc"sv, bad},
            {"a list of the same length", "HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc"sv, bad},
            {"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"sv, bad},
            {"minus zero", "HTTP/1.1 200 OK\r\nContent-Length: -0\r\n\r\n"sv, bad},
            {"a plus", "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc"sv, bad},
            {"an empty length", "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n"sv, bad},
            {"a hexadecimal length", "HTTP/1.1 200 OK\r\nContent-Length: 0x3\r\n\r\nabc"sv, bad},
            {"a length with a space", "HTTP/1.1 200 OK\r\nContent-Length: 1 0\r\n\r\n"sv, bad},
            {"a length with a comment", "HTTP/1.1 200 OK\r\nContent-Length: 3;\r\n\r\nabc"sv, bad},
            {"a length of 2^64", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n"sv, bad},
            {"an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"sv, bad},
            {"an unknown coding, then chunked",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"sv, bad},
            {"chunked is not last", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"sv,
             bad},
            {"chunked in one field, another in the next",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"sv,
             bad},
            {"chunked twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"sv,
             bad},
            {"chunked in quotes", "HTTP/1.1 200 OK\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"sv,
             bad},
            {"chunked with a parameter",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n"sv, bad},
            {"an empty coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n"sv, bad},
            {"chunked and an empty one", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked,\r\n\r\n0\r\n\r\n"sv,
             bad},
            {"xchunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"sv, bad},
            {"identity", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n"sv, bad},
        });
}

TEST_CASE("a chunk of a response that is malformed is refused") {
    const auto with = [](std::string_view body) {
        return read_responses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string{body})
            .fault;
    };
    for (const auto body :
         {"1;a=b\r\nx\r\n0\r\nA: b\r\n\r\n"sv, "1 ;a=b\r\nx\r\n0\r\n\r\n"sv,
          "1; a = \"b\" \r\nx\r\n0\r\n\r\n"sv,
          // Servers that pad, as all clients take it.
          "1 \r\nx\r\n0  \r\n\r\n"sv, "1\t\r\nx\r\n0;a \r\n\r\n"sv, "1;a=b\t \r\nx\r\n0\r\n\r\n"sv}) {
        CAPTURE(body);
        CHECK((with(body) == taken));
    }
    for (const auto body :
         {"\r\n"sv, "x\r\n"sv, "1 a\r\na\r\n"sv, " 1\r\na\r\n"sv, "1\na\n0\n\n"sv, "1 \na\n0\n\n"sv,
          "1 1\r\na\r\n"sv, "1;\r\na\r\n"sv, "1; \r\na\r\n"sv, "1;a= \r\na\r\n"sv, "1 =b\r\na\r\n"sv,
          "1 \r \na\r\n"sv, "1\r\nab\r\n"sv, "1\r\na\n0\r\n\r\n"sv, "0x1\r\na\r\n"sv, "-1\r\n"sv,
          "11111111111111111\r\n"sv, "0\r\n A: b\r\n\r\n"sv, "0\r\nA : b\r\n\r\n"sv}) {
        CAPTURE(body);
        CHECK((with(body) == bad));
    }
    CHECK((with("1\r\na\r\nffffffffffffffff\r\na") == bad)); // together more than there are numbers for
}

TEST_CASE("a response that the connection's end cuts off is truncated") {
    check_all(
        method::get,
        {
            {"nothing", ""sv, taken},
            {"in the version", "HTT"sv, cut},
            {"in the status line", "HTTP/1.1 200 O"sv, cut},
            {"before the empty line", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"sv, cut},
            {"in the empty line", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r"sv, cut},
            {"before the body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"sv, cut},
            {"in the body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"sv, cut},
            {"before the first chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"sv, cut},
            {"in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"sv, cut},
            {"after a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"sv, cut},
            {"before the trailer's end",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"sv, cut},
            {"after an interim response", "HTTP/1.1 103 x\r\n\r\n"sv, cut},
            {"an interim response only in part", "HTTP/1.1 103 x\r\n"sv, cut},
            {"in the second response",
             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"sv,
             cut},
            {"an empty body that ends with it", "HTTP/1.1 200 OK\r\n\r\n"sv, taken},
        });
}

TEST_CASE("what has no body is complete with its head, whatever its fields say") {
    for (const auto fields : {""sv, "Content-Length: 3\r\n"sv, "Transfer-Encoding: chunked\r\n"sv}) {
        CAPTURE(fields);
        for (const auto code : {"204"sv, "304"sv}) {
            const auto read =
                read_responses("HTTP/1.1 " + std::string{code} + " x\r\n" + std::string{fields} + "\r\n");
            CHECK_FALSE(read.fault);
            CHECK(read.messages.find(" []") != std::string::npos);
            CHECK((read.messages.find("close") != std::string::npos) == (code == "204" && !fields.empty()));
        }
        const auto one = "HTTP/1.1 200 x\r\n" + std::string{fields} + "\r\n";
        const auto two = read_responses(one + one, method::head);
        CHECK_FALSE(two.fault);
        CHECK(two.messages.find("]\n200 1.1") != std::string::npos);
    }
    check_all(method::head,
              {
                  {"both fields",
                   "HTTP/1.1 200 x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"sv, bad},
                  {"both fields, the other way round",
                   "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"sv, bad},
                  {"a length that is none", "HTTP/1.1 200 x\r\nContent-Length: x\r\n\r\n"sv, bad},
                  {"two lengths", "HTTP/1.1 200 x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"sv, bad},
                  {"Transfer-Encoding in HTTP/1.0", "HTTP/1.0 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"sv,
                   taken},
              });
}

TEST_CASE("interim responses are skipped, and a few only") {
    const auto one = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"s;
    const auto final = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"s;
    CHECK(read_responses(one + final).messages == "200 1.1 Content-Length=1 [a]\n");
    CHECK(read_responses("HTTP/1.1 100\r\n\r\n" + one + final + final).messages ==
          "200 1.1 Content-Length=1 [a]\n200 1.1 Content-Length=1 [a]\n");
    std::string many;
    for (int i = 0; i < 32; ++i) many += "HTTP/1.1 102 x\r\n\r\n";
    CHECK_FALSE(read_responses(many + final).fault);
    CHECK((read_responses(many + one + final).fault == bad));
    CHECK_FALSE(read_responses(many + final + many + final).fault); // each response may have as many
    check_all(method::get,
              {
                  {"101", "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: y\r\n\r\n"sv, bad},
                  {"101 and no more", "HTTP/1.1 101 x\r\n\r\n"sv, bad},
                  {"a malformed one", "HTTP/1.1 100 x\r\nA : b\r\n\r\nHTTP/1.1 204 x\r\n\r\n"sv, bad},
                  {"an unknown one", "HTTP/1.1 199 x\r\n\r\nHTTP/1.1 204 x\r\n\r\n"sv, taken},
                  {"one that says it has a body",
                   "HTTP/1.1 100 x\r\nContent-Length: 4\r\n\r\nHTTP/1.1 204 x\r\n\r\n"sv, taken},
              });
}

TEST_CASE("heads and trailers of responses are bounded, each for itself") {
    const auto refused_with = [](const rill::limits& limits, std::string_view bytes) {
        return read_responses(bytes, method::get, limits).fault;
    };
    const auto head = "HTTP/1.1 204 x\r\nA: b\r\n\r\n"s;
    CHECK((refused_with({.max_head = head.size()}, head) == taken));
    CHECK((refused_with({.max_head = head.size()}, head + head) == taken));
    CHECK((refused_with({.max_head = head.size()}, "HTTP/1.1 103 x\r\n\r\n" + head) == taken));
    CHECK((refused_with({.max_head = head.size() - 1}, head) == large));
    CHECK((refused_with({.max_head = 10}, head) == large));
    CHECK((refused_with({.max_fields = 1}, head) == taken));
    CHECK((refused_with({.max_fields = 0}, head) == large));
    CHECK((refused_with({.max_head = 100}, "HTTP/1.1 200 " + std::string(100, 'x')) == large));
    const auto chunked = "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"s;
    CHECK((refused_with({.max_fields = 1}, chunked + "A: b\r\n\r\n") == taken));
    CHECK((refused_with({.max_fields = 1}, chunked + "A: b\r\nC: d\r\n\r\n") == large));
    CHECK((refused_with({.max_head = 60}, chunked + "A: " + std::string(60, 'x')) == large));
    CHECK((refused_with({.max_target = 0, .max_body = 0}, "HTTP/1.1 200 x\r\n\r\nabc") == taken));
}
