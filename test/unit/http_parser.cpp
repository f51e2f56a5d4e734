#include "http_transcript.hpp"

#include <string>
#include <string_view>

using namespace std::literals;
using step = rill::parse_step;

namespace {

constexpr auto host = "Host: x\r\n"sv;

std::string request(std::string_view line, std::string_view fields = {}, std::string_view body = {}) {
    return std::string{line}.append("\r\n").append(host).append(fields).append("\r\n").append(body);
}

/// Parses the head of a request, which is whole.
struct parsed {
    explicit parsed(std::string bytes, const rill::limits& with = {}) : limits{with}, text{std::move(bytes)} {
        REQUIRE(parser.parse(input, head) == step::head);
    }
    rill::limits limits;
    std::string text;
    std::string_view input{text};
    rill::request_parser parser{limits};
    rill::request_head head;
};

int refused_with(const rill::limits& limits, std::string_view bytes) {
    return read_connection(bytes, limits).refused;
}

} // namespace

TEST_CASE("a request is read with all it has") {
    parsed p{request("POST /a/../b?c=d HTTP/1.1",
                     "A: \t b c \r\nEmpty:\r\na: second\r\nContent-Length: 3\r\n", "xyz")};
    CHECK(p.head.method == rill::method::post);
    CHECK(p.head.version == rill::version::http_1_1);
    CHECK(p.head.target.path() == "/b");
    CHECK(p.head.target.query() == "c=d");
    CHECK(p.head.host() == "x");
    CHECK(p.head.fields.size() == 5);
    CHECK(p.head.fields.all("A") == std::vector{"b c"sv, "second"sv});
    CHECK(p.head.fields.find("empty") == "");
    CHECK(p.parser.content_length() == 3);
    CHECK_FALSE(p.parser.chunked());
    CHECK(p.parser.keep_alive());
    CHECK_FALSE(p.parser.expects_continue());
    CHECK(p.input == "xyz");
    CHECK(p.parser.parse(p.input, p.head) == step::body);
    CHECK(p.parser.body_piece() == "xyz");
    CHECK(p.parser.parse(p.input, p.head) == step::complete);
}

TEST_CASE("the end of a message is told once, and nothing behind it is touched before the reset") {
    parsed p{request("GET / HTTP/1.1") + "GET /next"};
    CHECK(p.parser.parse(p.input, p.head) == step::complete);
    CHECK(p.parser.parse(p.input, p.head) == step::need_input);
    CHECK(p.input == "GET /next");
    p.parser.reset();
    CHECK(p.parser.parse(p.input, p.head) == step::need_input);
    CHECK(p.input.empty());
}

TEST_CASE("messages behind each other are read one by one, wherever they are cut") {
    const auto bytes = request("GET /1 HTTP/1.1") +
                       request("POST /2 HTTP/1.1", "Content-Length: 5\r\n", "GET /") + "\r\n" +
                       request("PUT /3 HTTP/1.1", "Transfer-Encoding: chunked\r\n") +
                       "3;a=b\r\nabc\r\n00b\r\nGET / HTTP/\r\n0;x\r\nTrailer: dropped\r\n\r\n" +
                       request("HEAD /4 HTTP/1.0", "Connection: keep-alive\r\n") +
                       request("GET /5 HTTP/1.1", "Connection: x, Close\r\n") + request("GET /6 HTTP/1.1");
    const auto read = read_connection(bytes);
    CHECK(read.refused == 0);
    CHECK(read.messages == "GET /1 1.1 Host=x []\n"
                           "POST /2 1.1 Host=x Content-Length=5 [GET /]\n"
                           "PUT /3 1.1 Host=x Transfer-Encoding=chunked [abcGET / HTTP/]\n"
                           "HEAD /4 1.0 Host=x Connection=keep-alive []\n"
                           "GET /5 1.1 Host=x Connection=x, Close [] close\n");
}

TEST_CASE("what follows a refusal is not read") {
    const auto read = read_connection(request("GET /1 HTTP/1.1") + "BAD\n" + request("GET /2 HTTP/1.1"));
    CHECK(read.messages == "GET /1 1.1 Host=x []\n");
    CHECK(read.refused == 400);

    const rill::limits limits;
    rill::request_parser parser{limits};
    rill::request_head head;
    std::string_view input = "\x01GET / HTTP/1.1\r\n";
    CHECK(parser.parse(input, head) == step::refused);
    const auto left = input;
    CHECK(parser.parse(input, head) == step::refused);
    CHECK(input == left);
    parser.reset();
    const auto good = request("GET / HTTP/1.1");
    input = good;
    CHECK(parser.parse(input, head) == step::head);
}

TEST_CASE("the connection goes on as version and fields say") {
    const auto keeps = [](std::string_view version, std::string_view fields) {
        return parsed{request("GET / HTTP/" + std::string{version}, fields)}.parser.keep_alive();
    };
    CHECK(keeps("1.1", ""));
    CHECK(keeps("1.1", "Connection: keep-alive\r\n"));
    CHECK(keeps("1.1", "Connection: upgrade\r\nUpgrade: websocket\r\n"));
    CHECK_FALSE(keeps("1.1", "Connection: close\r\n"));
    CHECK_FALSE(keeps("1.1", "Connection: keep-alive\r\nCONNECTION: CLOSE\r\n"));
    CHECK_FALSE(keeps("1.0", ""));
    CHECK_FALSE(keeps("1.0", "Connection: x\r\n"));
    CHECK(keeps("1.0", "Connection: Keep-Alive\r\n"));
    CHECK_FALSE(keeps("1.0", "Connection: keep-alive, close\r\n"));
}

TEST_CASE("an offer to upgrade is an ordinary request") {
    const auto read = read_connection(
        request("GET /1 HTTP/1.1",
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n") +
        request("POST /2 HTTP/1.1", "Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n", "a"));
    CHECK(read.refused == 0);
    CHECK(read.messages.ends_with("[a]\n"));
}

TEST_CASE("a client waits for 100 only with HTTP/1.1 and a body to send") {
    const auto expects = [](std::string_view version, std::string_view fields) {
        return parsed{request("POST / HTTP/" + std::string{version}, fields)}.parser.expects_continue();
    };
    CHECK(expects("1.1", "Expect: 100-continue\r\nContent-Length: 1\r\n"));
    CHECK(expects("1.1", "Expect: 100-CONTINUE\r\nTransfer-Encoding: chunked\r\n"));
    CHECK(expects("1.1", "Expect: , 100-continue ,\r\nContent-Length: 1\r\n"));
    CHECK(expects("1.1", "Expect: 100-continue\r\nExpect:\r\nContent-Length: 1\r\n"));
    CHECK(expects("1.1", "Expect:\r\nExpect: 100-continue, 100-continue\r\nContent-Length: 1\r\n"));
    CHECK_FALSE(expects("1.1", "Expect: ,\r\nContent-Length: 1\r\n"));
    CHECK_FALSE(expects("1.1", "Expect: 100-continue\r\nContent-Length: 0\r\n"));
    CHECK_FALSE(expects("1.1", "Expect: 100-continue\r\n"));
    CHECK_FALSE(expects("1.0", "Expect: 100-continue\r\nContent-Length: 1\r\n"));
    CHECK_FALSE(expects("1.1", "Content-Length: 1\r\n"));
}

TEST_CASE("a head may be as large as its limits, not larger") {
    const auto bytes = request("GET /12345 HTTP/1.1", "A: b\r\n");
    CHECK(refused_with({.max_head = bytes.size()}, bytes) == 0);
    CHECK(refused_with({.max_head = bytes.size() - 1}, bytes) == 431);
    CHECK(refused_with({.max_head = 4}, bytes) == 431);
    CHECK(refused_with({.max_head = 0}, bytes) == 431);
    CHECK(refused_with({.max_fields = 2}, bytes) == 0);
    CHECK(refused_with({.max_fields = 1}, bytes) == 431);
    CHECK(refused_with({.max_target = 6}, bytes) == 0);
    CHECK(refused_with({.max_target = 5}, bytes) == 414);
}

TEST_CASE("what is too long is refused before it ends") {
    const rill::limits limits{.max_head = 100, .max_target = 10};
    CHECK(refused_with(limits, "GET /2345678901") == 414);
    CHECK(refused_with(limits, "GET /234567890") == 0);
    CHECK(refused_with(limits, "GET / HTTP/1.1\r\nA: " + std::string(100, 'b')) == 431);
    CHECK(refused_with(limits, "GET / HTTP/1.1\r\n" + std::string(100, 'b')) == 431);
}

TEST_CASE("a body may be as large as its limit, not larger") {
    const auto fixed = request("POST / HTTP/1.1", "Content-Length: 5\r\n", "abcde");
    const auto chunked =
        request("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n", "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n");
    for (const auto& bytes : {fixed, chunked}) {
        CHECK(refused_with({.max_body = 5}, bytes) == 0);
        CHECK(refused_with({.max_body = 4}, bytes) == 413);
        CHECK(refused_with({.max_body = 0}, bytes) == 413);
    }
    CHECK(read_connection(chunked, {.max_body = 4}).messages.ends_with("[ab"));
    CHECK(refused_with({.max_body = 0}, request("GET / HTTP/1.1")) == 0);
}

TEST_CASE("a route sets its own limit for a body, which the next message has not") {
    parsed p{request("POST / HTTP/1.1", "Content-Length: 5\r\n"), {.max_body = 1}};
    p.parser.body_limit(5);
    CHECK(p.parser.parse(p.input, p.head) == step::need_input);
    p.input = "abcde";
    CHECK(p.parser.parse(p.input, p.head) == step::body);
    CHECK(p.parser.parse(p.input, p.head) == step::complete);
    p.parser.reset();
    p.input = p.text;
    CHECK(p.parser.parse(p.input, p.head) == step::head);
    CHECK(p.parser.parse(p.input, p.head) == step::refused);
    CHECK(p.parser.refused().status == rill::status::content_too_large);

    parsed q{request("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n", "2\r\n")};
    CHECK(q.parser.chunked());
    CHECK_FALSE(q.parser.content_length());
    q.parser.body_limit(1);
    CHECK(q.parser.parse(q.input, q.head) == step::refused);
    CHECK(q.parser.refused().status == rill::status::content_too_large);
}

TEST_CASE("trailers and chunk extensions are bounded as heads are") {
    const auto with = [](std::string_view body) {
        return request("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n", body);
    };
    const rill::limits limits{.max_head = 100, .max_fields = 2};
    CHECK(refused_with(limits, with("0\r\nA: b\r\nC: d\r\n\r\n")) == 0);
    CHECK(refused_with(limits, with("0\r\nA: b\r\nC: d\r\nE: f\r\n\r\n")) == 431);
    CHECK(refused_with(limits, with("0\r\nA: " + std::string(100, 'b'))) == 431);
    CHECK(refused_with(limits, with("1;" + std::string(100, 'b'))) == 400);
    // Of each chunk counts what is more than 64 bytes and the size of its data.
    std::string many, fair;
    for (int i = 0; i < 30; ++i) many += "1;" + std::string(69, 'a') + "\r\nx\r\n";
    for (int i = 0; i < 30; ++i) fair += "5;" + std::string(68, 'a') + "\r\nxxxxx\r\n";
    CHECK(refused_with(limits, with(many)) == 400);
    CHECK(refused_with(limits, with(fair + "0\r\n\r\n")) == 0);
}

TEST_CASE("a body may come in any number of chunks, with and without extensions") {
    const rill::limits limits{.max_body = 2'000'000};
    for (const auto chunk : {"1\r\nx\r\n"sv, "1;a\r\nx\r\n"sv, "2 ; a = \"b\"\r\nxy\r\n"sv}) {
        CAPTURE(chunk);
        rill::request_parser parser{limits};
        rill::request_head head;
        std::string bytes = request("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n");
        for (int i = 0; i < 1'000'000; ++i) bytes += chunk;
        bytes += "0\r\n\r\n";
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

TEST_CASE("an empty Host is taken where there is no authority") {
    const auto read = [](std::string_view bytes) {
        const rill::limits limits;
        rill::request_parser parser{limits};
        parser.take_empty_host();
        rill::request_head head;
        auto at = parser.parse(bytes, head);
        parser.reset(); // which leaves that as it was
        CHECK(at != step::need_input);
        return at;
    };
    CHECK(read("GET / HTTP/1.1\r\nHost:\r\n\r\n") == step::head);
    CHECK(read("GET / HTTP/1.1\r\nHost: \t\r\n\r\n") == step::head);
    CHECK(read("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") == step::head);
    CHECK(read("GET / HTTP/1.1\r\n\r\n") == step::refused);
    CHECK(read("GET / HTTP/1.1\r\nHost:\r\nHost:\r\n\r\n") == step::refused);
    CHECK(read("GET / HTTP/1.1\r\nHost: :80\r\n\r\n") == step::refused);
    CHECK(read("GET / HTTP/1.1\r\nHost: a b\r\n\r\n") == step::refused);
}

TEST_CASE("a parser tells an idle connection from one with a slow head") {
    const rill::limits limits;
    rill::request_parser parser{limits};
    rill::request_head head;
    CHECK_FALSE(parser.started());
    for (std::string_view input : {"\r", "\n", ""}) {
        CHECK(parser.parse(input, head) == step::need_input);
        CHECK_FALSE(parser.started());
    }
    std::string_view input = "G";
    CHECK(parser.parse(input, head) == step::need_input);
    CHECK(parser.started());
    const auto rest = request("ET / HTTP/1.1");
    input = rest;
    CHECK(parser.parse(input, head) == step::head);
    CHECK(parser.parse(input, head) == step::complete);
    CHECK(parser.started());
    parser.reset();
    CHECK_FALSE(parser.started());
}

TEST_CASE("a head that is reused shows nothing of the message before") {
    parsed p{request("POST http://y/a?b HTTP/1.0", "A: b\r\nConnection: keep-alive\r\n")};
    CHECK(p.head.host() == "y");
    CHECK(p.parser.parse(p.input, p.head) == step::complete);
    p.parser.reset();
    const auto next = request("GET / HTTP/1.1");
    p.input = next;
    CHECK(p.parser.parse(p.input, p.head) == step::head);
    CHECK(p.head.host() == "x");
    CHECK(p.head.fields.size() == 1);
    CHECK(p.head.target.query().empty());
    CHECK(p.head.version == rill::version::http_1_1);
    CHECK(p.parser.parse(p.input, p.head) == step::complete);
    p.parser.reset();
    p.input = "\x16";
    CHECK(p.parser.parse(p.input, p.head) == step::refused);
    CHECK(p.head.target.raw().empty());
    CHECK(p.head.fields.empty());
}

TEST_CASE("a parser may be moved in the middle of a head") {
    const rill::limits limits;
    rill::request_parser first{limits};
    rill::request_head head;
    const auto bytes = request("GET /abc HTTP/1.1", "A: b\r\n");
    auto input = std::string_view{bytes}.substr(0, 20);
    CHECK(first.parse(input, head) == step::need_input);
    auto second = std::move(first);
    input = std::string_view{bytes}.substr(20);
    CHECK(second.parse(input, head) == step::head);
    CHECK(head.fields.find("a") == "b");
}
