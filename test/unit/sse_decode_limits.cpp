#include <rill/base/error.hpp>
#include <rill/sse/decode.hpp>
#include <rill/sse/error.hpp>

#include "sse_reading.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

using namespace std::literals;
using rill::decoded;
using rill::sse_errc;

namespace {

std::error_code refusal(std::string_view stream, const rill::decode_limits& limits, std::size_t piece) {
    rill::decoder decoder{limits};
    reading ignored;
    try {
        for (; !stream.empty(); stream.remove_prefix(std::min(piece, stream.size())))
            read_on(decoder, stream.substr(0, piece), ignored);
        return {};
    } catch (const rill::error& e) {
        return e.code();
    }
}

} // namespace

TEST_CASE("a line over the limit is refused, one at the limit is not, in pieces of any size") {
    const rill::decode_limits limits{.line = 20};
    for (const std::size_t piece : {1, 2, 3, 7, 20, 1000}) {
        CAPTURE(piece);
        for (const auto& start : {"data: "s, ": "s, "id: "s, "unknown"s}) {
            const auto fits = start + std::string(20 - start.size(), 'x');
            CHECK_FALSE(refusal(fits, limits, piece));
            CHECK_FALSE(refusal(fits + "\n" + fits + "\r\n\r\n", limits, piece));
            CHECK(refusal(fits + "x", limits, piece) == sse_errc::line_too_long);
            CHECK(refusal("data: a\n" + fits + "x\n", limits, piece) == sse_errc::line_too_long);
        }
    }
}

TEST_CASE("an event over the limit is refused, one at the limit is not, in pieces of any size") {
    const rill::decode_limits limits{.event = 10};
    for (const std::size_t piece : {1, 2, 3, 7, 20, 1000}) {
        CAPTURE(piece);
        CHECK_FALSE(refusal("data: 1234\ndata: 67890\n\ndata: 1234567890\n\n", limits, piece));
        CHECK(refusal("data: 12345678901\n", limits, piece) == sse_errc::event_too_large);
        CHECK(refusal("data: 1234\ndata: 678901\n", limits, piece) == sse_errc::event_too_large);
        CHECK(refusal("data: 1234567890\ndata\n", limits, piece) == sse_errc::event_too_large);
        CHECK_FALSE(refusal("data: \xff\xff\xff\n\n", limits, piece)); // nine bytes as decoded
        CHECK(refusal("data: \xff\xff\xff\xff\n\n", limits, piece) == sse_errc::event_too_large);
    }
}

TEST_CASE("what came before a refused line is delivered") {
    rill::decoder decoder{{.line = 10}};
    auto bytes = "data: x\n\ndata: 567890\n"sv;
    CHECK(decoder.next(bytes) == decoded::message);
    CHECK_THROWS_AS(static_cast<void>(decoder.next(bytes)), rill::error);
}

TEST_CASE("an event of a mebibyte is read in pieces of any size") {
    const std::string data(1 << 20, 'x');
    const auto stream = "id: 1\ndata: " + data + "\n\n";
    for (const std::size_t piece : {1, 1000, 65'536}) {
        rill::decoder decoder;
        reading r;
        for (std::size_t at = 0; at < stream.size(); at += piece)
            read_on(decoder, std::string_view{stream}.substr(at, piece), r);
        CHECK(r.log == "message|" + data + "|1\n");
    }
}
