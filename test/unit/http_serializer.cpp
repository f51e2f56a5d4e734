#include <rill/http/error.hpp>
#include <rill/http/serializer.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <string>

namespace {

constexpr auto date = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr auto v0 = rill::version::http_1_0;
constexpr auto v1 = rill::version::http_1_1;

std::string head_of(const rill::response_head& head, rill::framing how, rill::version asked = v1,
                    bool keep_alive = true, std::string_view when = "") {
    std::string out;
    write_head(out, head, how, asked, keep_alive, when);
    return out;
}

} // namespace

TEST_CASE("a head is a status line, the date, the fields in their order and the framing") {
    rill::response_head head;
    head.fields.add("Content-Type", "text/plain");
    head.fields.add("x-Case", "");
    CHECK(head_of(head, rill::framing::fixed(12), v1, true, date) == "HTTP/1.1 200 OK\r\n"
                                                                     "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                                                     "Content-Type: text/plain\r\n"
                                                                     "x-Case: \r\n"
                                                                     "Content-Length: 12\r\n\r\n");
}

TEST_CASE("a head is appended to what is there") {
    std::string out = "before";
    write_head(out, rill::response_head{rill::status::not_found}, rill::framing::fixed(0), v1, true, "");
    CHECK(out == "beforeHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("each framing says what it needs") {
    const rill::response_head ok;
    CHECK(head_of(ok, rill::framing::none()) == "HTTP/1.1 200 OK\r\n\r\n");
    CHECK(head_of(ok, rill::framing::fixed(std::numeric_limits<std::uint64_t>::max())) ==
          "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n");
    CHECK(head_of(ok, rill::framing::chunked()) == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    CHECK(head_of(ok, rill::framing::until_close()) == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    CHECK(head_of(ok, rill::framing::until_close(), v0) == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
}

TEST_CASE("the connection is named where it is not what the version takes for granted") {
    const rill::response_head ok;
    const auto empty = rill::framing::fixed(0);
    CHECK(head_of(ok, empty, v1, false) ==
          "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    CHECK(head_of(ok, empty, v0, true) ==
          "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(head_of(ok, empty, v0, false) ==
          "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST_CASE("a status without body gets no framing") {
    for (const auto s : {rill::status::no_content, rill::status::not_modified, rill::status::early_hints}) {
        const auto expected =
            "HTTP/1.1 " + std::to_string(static_cast<int>(s)) + " " + std::string{reason(s)} + "\r\n\r\n";
        CHECK(head_of(rill::response_head{s}, rill::framing::fixed(5)) == expected);
        CHECK(head_of(rill::response_head{s}, rill::framing::chunked()) == expected);
    }
}

TEST_CASE("the response's own framing fields are left out, and its own date wins") {
    rill::response_head head;
    head.fields.add("content-length", "99");
    head.fields.add("TRANSFER-ENCODING", "gzip");
    head.fields.add("Connection", "upgrade");
    head.fields.add("keep-Alive", "timeout=5");
    head.fields.add("date", "today");
    head.fields.add("Connections", "kept");
    CHECK(head_of(head, rill::framing::fixed(1), v1, true, date) ==
          "HTTP/1.1 200 OK\r\ndate: today\r\nConnections: kept\r\nContent-Length: 1\r\n\r\n");
}

TEST_CASE("a status that is not registered has an empty reason, one without three digits is refused") {
    CHECK(head_of(rill::response_head{static_cast<rill::status>(299)}, rill::framing::none()) ==
          "HTTP/1.1 299 \r\n\r\n");
    for (const int code : {0, 99, 1000, 65535}) {
        CAPTURE(code);
        std::string out = "x";
        const rill::response_head head{static_cast<rill::status>(code)};
        CHECK_THROWS_AS(write_head(out, head, rill::framing::none(), v1, true, ""), rill::error);
        CHECK(out == "x");
    }
}

TEST_CASE("a chunk is headed by its size in hexadecimal digits") {
    CHECK(rill::chunk_header{1}.view() == "1\r\n");
    CHECK(rill::chunk_header{15}.view() == "f\r\n");
    CHECK(rill::chunk_header{16}.view() == "10\r\n");
    CHECK(rill::chunk_header{0xABCDEF}.view() == "abcdef\r\n");
    CHECK(rill::chunk_header{std::numeric_limits<std::size_t>::max()}.view() == "ffffffffffffffff\r\n");
}

TEST_CASE("how long a connection may rest is said where it goes on, in the words that are given") {
    const auto written = [](bool keep_alive, rill::version asked,
                            rill::framing how = rill::framing::fixed(0)) {
        std::string out;
        rill::write_head(out, rill::response_head{rill::status::no_content}, how, asked, keep_alive, {},
                         "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n");
        return out;
    };
    const std::string line = "HTTP/1.1 204 No Content\r\n";
    for (const auto asked : {rill::version::http_1_0, rill::version::http_1_1}) {
        CHECK(written(true, asked) == line + "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n");
        CHECK(written(false, asked) == line + "Connection: close\r\n\r\n");
    }
}
