#include "http_response_transcript.hpp"

#include <string>
#include <string_view>

using namespace std::literals;
using rill::method;
using step = rill::parse_step;

namespace {

/// A parser that has read a head.
struct answered {
    explicit answered(std::string head_bytes, method m = method::get) : bytes{std::move(head_bytes)} {
        parser.expect(m);
        CHECK(parser.parse(input, head) == step::head);
    }

    std::string bytes;
    std::string_view input{bytes};
    rill::limits limits;
    rill::response_parser parser{limits};
    rill::response_head head;
};

bool keeps_alive(std::string_view version, std::string_view fields) {
    return answered{"HTTP/" + std::string{version} + " 200 x\r\nContent-Length: 0\r\n" + std::string{fields} +
                    "\r\n"}
        .parser.keep_alive();
}

} // namespace

TEST_CASE("responses are read one after the other") {
    CHECK(
        read_responses("HTTP/1.1 200 OK\r\nA: b\r\nA:  c \r\nContent-Length: 3\r\n\r\nabc"
                       "HTTP/1.1 404\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1;x=y\r\nf\r\n0\r\n\r\n"
                       "HTTP/1.1 204 \r\n\r\n"
                       "HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n"
                       "HTTP/1.1 200 x\r\n\r\nthe rest HTTP/1.1 200 OK\r\n\r\n")
            .messages == "200 1.1 A=b A=c Content-Length=3 [abc]\n"
                         "404 1.1 Transfer-Encoding=chunked [chunked:def]\n"
                         "204 1.1 []\n"
                         "500 1.1 Content-Length=0 []\n"
                         "200 1.1 [rest:the rest HTTP/1.1 200 OK\r\n\r\n] close\n");
}

TEST_CASE("a parser tells how the body is framed") {
    const answered length{"HTTP/1.1 200 x\r\nContent-Length: 18446744073709551615\r\n\r\n"};
    CHECK(length.parser.content_length() == 18446744073709551615U);
    CHECK_FALSE(length.parser.chunked());
    CHECK_FALSE(length.parser.until_close());
    const answered chunked{"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"};
    CHECK_FALSE(chunked.parser.content_length());
    CHECK(chunked.parser.chunked());
    CHECK(chunked.parser.keep_alive());
    const answered rest{"HTTP/1.0 200 x\r\nConnection: keep-alive\r\n\r\n"};
    CHECK_FALSE(rest.parser.content_length());
    CHECK(rest.parser.until_close());
    CHECK_FALSE(rest.parser.keep_alive());
    CHECK(rest.parser.version() == rill::version::http_1_0);
    const answered head{"HTTP/1.1 200 x\r\nContent-Length: 7\r\n\r\n", method::head};
    CHECK(head.parser.content_length() == 0);
    CHECK(head.head.fields.find("content-length") == "7");
    CHECK(head.parser.version() == rill::version::http_1_1);
}

TEST_CASE("a connection goes on where both its ends say so") {
    CHECK(keeps_alive("1.1", ""));
    CHECK(keeps_alive("1.1", "Connection: keep-alive\r\n"));
    CHECK_FALSE(keeps_alive("1.1", "Connection: close\r\n"));
    CHECK_FALSE(keeps_alive("1.1", "Connection: Keep-Alive, Close\r\n"));
    CHECK_FALSE(keeps_alive("1.0", ""));
    CHECK(keeps_alive("1.0", "Connection: Keep-Alive\r\n"));
    CHECK_FALSE(keeps_alive("1.0", "Connection: close, keep-alive\r\n"));
    CHECK_FALSE(keeps_alive("1.0", "Keep-Alive: timeout=5\r\n"));
}

TEST_CASE("what follows a tunnel's head stays in the input") {
    for (const auto fields :
         {""sv, "Content-Length: 3\r\n"sv, "Transfer-Encoding: chunked\r\n"sv,
          "Transfer-Encoding: gzip\r\n"sv, "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"sv,
          "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"sv}) {
        CAPTURE(fields);
        answered tunnel{"HTTP/1.0 200 Connection established\r\n" + std::string{fields} + "\r\n\x16\x03\x01",
                        method::connect};
        CHECK(tunnel.parser.parse(tunnel.input, tunnel.head) == step::complete);
        CHECK(tunnel.input == "\x16\x03\x01");
    }
    answered refused{"HTTP/1.1 407 x\r\nContent-Length: 3\r\n\r\nabc", method::connect};
    CHECK(refused.parser.parse(refused.input, refused.head) == step::body);
    CHECK(refused.parser.body_piece() == "abc");
    CHECK(refused.parser.parse(refused.input, refused.head) == step::complete);
}

TEST_CASE("the head is told before the body, and the end once") {
    answered a{"HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nabHTTP"};
    CHECK(a.input == "abHTTP");
    CHECK(a.parser.parse(a.input, a.head) == step::body);
    CHECK(a.parser.body_piece() == "ab");
    CHECK(a.parser.parse(a.input, a.head) == step::complete);
    CHECK(a.parser.parse(a.input, a.head) == step::need_input);
    CHECK(a.parser.end() == step::need_input);
    CHECK(a.input == "HTTP");
    a.parser.reset();
    CHECK(a.parser.parse(a.input, a.head) == step::need_input);
    CHECK(a.input.empty());
    CHECK(a.parser.end() == step::refused);
    CHECK((a.parser.fault() == rill::response_fault::truncated));
    CHECK(a.parser.end() == step::refused);
    CHECK(a.parser.parse(a.input, a.head) == step::refused);
}

TEST_CASE("the connection's end completes a body that needs no more") {
    answered empty{"HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n"};
    CHECK(empty.parser.end() == step::complete);
    answered rest{"HTTP/1.1 200 x\r\n\r\n"};
    CHECK(rest.parser.parse(rest.input, rest.head) == step::need_input);
    CHECK(rest.parser.end() == step::complete);
    CHECK(rest.parser.end() == step::need_input);
}

TEST_CASE("a stream may come in any number of chunks, with and without extensions") {
    for (const auto chunk : {"1\r\nx\r\n"sv, "1  \r\nx\r\n"sv, "1 ; a = b\r\nx\r\n"sv}) {
        CAPTURE(chunk);
        std::string bytes = "HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n";
        for (int i = 0; i < 1'000'000; ++i) bytes += chunk;
        bytes += "0\r\n\r\n";
        const rill::limits limits;
        rill::response_parser parser{limits};
        rill::response_head head;
        std::string_view input = bytes;
        std::size_t pieces = 0;
        auto at = parser.parse(input, head);
        while (at == step::head || at == step::body) {
            if (at == step::body) ++pieces;
            at = parser.parse(input, head);
        }
        CHECK(at == step::complete);
        CHECK(pieces == 1'000'000);
    }
}

TEST_CASE("a parser tells a stale connection from one that has begun to answer") {
    const rill::limits limits;
    rill::response_parser parser{limits};
    rill::response_head head;
    std::string_view input;
    CHECK(parser.parse(input, head) == step::need_input);
    CHECK_FALSE(parser.started());
    CHECK(parser.end() == step::refused);
    CHECK_FALSE(parser.started());
    parser.reset();
    input = "H";
    CHECK(parser.parse(input, head) == step::need_input);
    CHECK(parser.started());
    input = "TTP/1.1 100 x\r\n\r\n";
    CHECK(parser.parse(input, head) == step::need_input);
    CHECK(parser.started());
    parser.reset();
    CHECK_FALSE(parser.started());
}

TEST_CASE("after a reset the next request is taken for a GET") {
    answered a{"HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nHTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\n",
               method::head};
    CHECK(a.parser.parse(a.input, a.head) == step::complete);
    a.parser.reset();
    CHECK(a.parser.parse(a.input, a.head) == step::head);
    CHECK(a.parser.content_length() == 2);
}

TEST_CASE("a head that is reused shows nothing of the response before, nor of an interim one") {
    answered a{"HTTP/1.1 103 x\r\nLink: y\r\n\r\nHTTP/1.0 404 x\r\nA: b\r\nContent-Length: 0\r\n"
               "Connection: keep-alive\r\n\r\nHTTP/1.1 204 x\r\n\r\n"};
    CHECK(a.head.status == rill::status::not_found);
    CHECK(a.head.fields.size() == 3);
    CHECK(a.parser.parse(a.input, a.head) == step::complete);
    a.parser.reset();
    CHECK(a.parser.parse(a.input, a.head) == step::head);
    CHECK(a.head.status == rill::status::no_content);
    CHECK(a.head.fields.empty());
    CHECK(a.parser.version() == rill::version::http_1_1);
}

TEST_CASE("a response parser may be moved in the middle of a head") {
    const rill::limits limits;
    rill::response_parser first{limits};
    rill::response_head head;
    std::string_view input = "HTTP/1.1 200 OK\r\nA: ";
    CHECK(first.parse(input, head) == step::need_input);
    auto second = std::move(first);
    input = "b\r\nContent-Length: 0\r\n\r\n";
    CHECK(second.parse(input, head) == step::head);
    CHECK(head.fields.find("a") == "b");
}
