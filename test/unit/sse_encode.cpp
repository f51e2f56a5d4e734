#include <rill/base/error.hpp>
#include <rill/sse/encode.hpp>
#include <rill/sse/error.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

using namespace std::literals;
using rill::sse_errc;

namespace {

std::string encoded(const rill::event& e) {
    std::string out;
    encode(out, e);
    return out;
}

/// The code that `encode` throws for `e`, if it does. What it appends to must not change then.
std::error_code refusal(const rill::event& e) {
    const auto before = "data: before\n\n"s;
    auto out = before;
    try {
        encode(out, e);
        return {};
    } catch (const rill::error& failure) {
        CHECK(out == before);
        return failure.code();
    }
}

} // namespace

TEST_CASE("an event is its fields, a line each, and a blank line") {
    CHECK(encoded({.data = "hello"}) == "data: hello\n\n");
    CHECK(encoded({.name = "user", .data = "42"}) == "event: user\ndata: 42\n\n");
    CHECK(encoded({.id = "7", .name = "user", .data = "42", .comment = "note", .retry = 1500ms}) ==
          ": note\nid: 7\nevent: user\nretry: 1500\ndata: 42\n\n");
}

TEST_CASE("events are appended to what is there") {
    auto out = "already there"s;
    rill::encode(out, {.data = "1"});
    rill::encode(out, {.data = "2"});
    CHECK(out == "already theredata: 1\n\ndata: 2\n\n");
}

TEST_CASE("data goes out one line for each of its lines, whatever ends them") {
    CHECK(encoded({.data = "a\nb"}) == "data: a\ndata: b\n\n");
    CHECK(encoded({.data = "a\rb"}) == "data: a\ndata: b\n\n");
    CHECK(encoded({.data = "a\r\nb"}) == "data: a\ndata: b\n\n");
    CHECK(encoded({.data = "a\n\rb"}) == "data: a\ndata: \ndata: b\n\n");
    CHECK(encoded({.data = "a\r\rb"}) == "data: a\ndata: \ndata: b\n\n");
    CHECK(encoded({.data = "a\r\n\nb\r\n\r\n"}) == "data: a\ndata: \ndata: b\ndata: \ndata: \n\n");
}

TEST_CASE("a line end at the end of the data makes one more empty line") {
    CHECK(encoded({.data = "a\n"}) == "data: a\ndata: \n\n");
    CHECK(encoded({.data = "a\r"}) == "data: a\ndata: \n\n");
    CHECK(encoded({.data = "a\r\n"}) == "data: a\ndata: \n\n");
    CHECK(encoded({.data = "\n"}) == "data: \ndata: \n\n");
}

TEST_CASE("a line end is found at every place of data of every length") {
    for (std::size_t size = 1; size < 40; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            for (const char end : {'\n', '\r'}) {
                std::string data(size, 'x');
                data[at] = end;
                CHECK(encoded({.data = data}) ==
                      "data: " + data.substr(0, at) + "\ndata: " + data.substr(at + 1) + "\n\n");
            }
        }
    }
}

TEST_CASE("what only looks like a line end stays in its line") {
    for (const auto& text : {"\v"sv, "\f"sv, "\x1c"sv, "\x1e"sv, "\0"sv, "\x0b\x0e\x09\x0c"sv, "\xc2\x85"sv,
                             "\xe2\x80\xa8"sv, "\xe2\x80\xa9"sv, "\xc2\x8d\xc2\x8a"sv, "\xe0\xaa\x8d"sv}) {
        CAPTURE(text);
        CHECK(encoded({.data = text}) == "data: " + std::string{text} + "\n\n");
        CHECK(encoded({.name = text}) == "event: " + std::string{text} + "\ndata: \n\n");
    }
}

TEST_CASE("a space always follows the colon of data, so that leading spaces are kept") {
    CHECK(encoded({.data = " x"}) == "data:  x\n\n");
    CHECK(encoded({.data = ""}) == "data: \n\n");
    CHECK(encoded({.data = ":"}) == "data: :\n\n");
}

TEST_CASE("empty data is one empty line, no data is none") {
    CHECK(encoded({.data = ""}) == "data: \n\n");
    CHECK(encoded({.data = std::string{}}) == "data: \n\n");
    CHECK(encoded({.id = "7", .name = "n", .data = {}}) == "id: 7\nevent: n\ndata: \n\n");
}

TEST_CASE("an event with a name always has data, for clients drop one without") {
    CHECK(encoded({.name = "done"}) == "event: done\ndata: \n\n");
}

TEST_CASE("an empty name is none") {
    CHECK(encoded({.name = "", .data = "x"}) == "data: x\n\n");
    CHECK(encoded({.name = "", .comment = "x"}) == ": x\n");
}

TEST_CASE("an empty id is written, since it clears the last one") {
    CHECK(encoded({.id = ""}) == "id: \nevent: checkpoint\ndata: {}\n\n");
    CHECK(encoded({.id = "", .data = "x"}) == "id: \ndata: x\n\n");
}

TEST_CASE("a comment alone is one line, without a blank line that would make an empty event of it") {
    CHECK(encoded({.comment = "ping"}) == ": ping\n");
    CHECK(encoded({.comment = ""}) == ":\n");
    CHECK(encoded({.comment = " "}) == ":  \n");
}

TEST_CASE("an empty comment in an event is a colon and nothing else") {
    CHECK(encoded({.data = "x", .comment = ""}) == ":\ndata: x\n\n");
}

TEST_CASE("an id or a retry time alone goes out as a checkpoint, which has a name and data") {
    CHECK(encoded({.id = "7"}) == "id: 7\nevent: checkpoint\ndata: {}\n\n");
    CHECK(encoded({.retry = 3s}) == "event: checkpoint\nretry: 3000\ndata: {}\n\n");
    CHECK(encoded({.id = "7", .comment = "c", .retry = 3s}) ==
          ": c\nid: 7\nevent: checkpoint\nretry: 3000\ndata: {}\n\n");
    CHECK(encoded({.comment = "", .retry = 3s}) == ":\nevent: checkpoint\nretry: 3000\ndata: {}\n\n");
}

TEST_CASE("every block that is written has data") {
    for (unsigned members = 1; members < 32; ++members) {
        rill::event e;
        if ((members & 1U) != 0) e.id = "7";
        if ((members & 2U) != 0) e.name = "n";
        if ((members & 4U) != 0) e.data = "x";
        if ((members & 8U) != 0) e.comment = "c";
        if ((members & 16U) != 0) e.retry = 3s;
        const auto bytes = encoded(e);
        CAPTURE(bytes);
        const auto blank = bytes.find("\n\n");
        CHECK((blank == bytes.npos) == (members == 8));
        CHECK((bytes.find("data: ") == bytes.npos) == (members == 8));
        CHECK((blank == bytes.npos || blank + 2 == bytes.size()));
    }
}

TEST_CASE("a retry time of any number of digits is written in milliseconds") {
    CHECK(encoded({.data = "", .retry = 0ms}) == "retry: 0\ndata: \n\n");
    CHECK(encoded({.data = "", .retry = 9ms}) == "retry: 9\ndata: \n\n");
    CHECK(encoded({.data = "", .retry = 10ms}) == "retry: 10\ndata: \n\n");
    CHECK(encoded({.data = "", .retry = std::chrono::milliseconds::max()}) ==
          "retry: 9223372036854775807\ndata: \n\n");
}

TEST_CASE("a NUL is written everywhere but in an id") {
    CHECK(encoded({.name = "a\0b"sv, .data = "\0"sv, .comment = "\0"sv}) ==
          ": \0\nevent: a\0b\ndata: \0\n\n"sv);
}

TEST_CASE("data of a mebibyte is one line, or as many as it has") {
    const std::string line(1 << 20, 'x');
    CHECK(encoded({.data = line}) == "data: " + line + "\n\n");
    const std::string ends(100'000, '\n');
    CHECK(encoded({.data = ends}).size() == 100'001 * "data: \n"sv.size() + 1);
}

TEST_CASE("an id with a line end or a NUL is refused") {
    for (const auto id : {"\n"sv, "\r"sv, "a\nb"sv, "a\r\nb"sv, "a\ndata: forged"sv, "twelve bytes\r"sv}) {
        CAPTURE(id);
        CHECK(refusal({.id = id, .data = "x"}) == sse_errc::line_end_in_id);
    }
    for (const auto id : {"\0"sv, "a\0b"sv, "a rather long id that ends with\0"sv}) {
        CAPTURE(id);
        CHECK(refusal({.id = id, .data = "x"}) == sse_errc::nul_in_id);
    }
}

TEST_CASE("an id with any other control is refused, wherever it stands") {
    for (char control = 1; control != 0;
         control = control == 0x1F ? '\x7F' : static_cast<char>(control + 1)) {
        if (control == '\n' || control == '\r') continue;
        CAPTURE(static_cast<int>(control));
        for (std::size_t size = 1; size <= 17; ++size)
            for (std::size_t at = 0; at < size; ++at) {
                std::string id(size, 'a');
                id[at] = control;
                CHECK(refusal({.id = id}) == sse_errc::control_in_id);
            }
        if (control == '\x7F') break;
    }
    CHECK(refusal({.id = "\t"}) == sse_errc::control_in_id);
    CHECK(refusal({.id = "\x01\n\0"sv}) == sse_errc::line_end_in_id);
    CHECK(refusal({.id = "\x01\0"sv}) == sse_errc::nul_in_id);
    CHECK(refusal({.id = "\x01\xFF"}) == sse_errc::control_in_id);
    for (const auto id : {" "sv, "~ !"sv, "\u00e9"sv, "\u0080"sv, "\u2028"sv, "1 to 8, and more"sv})
        CHECK(encoded({.id = id, .data = "x"}) == "id: " + std::string{id} + "\ndata: x\n\n");
    CHECK(encoded({.name = "\x01\x7F", .data = "\t\x1F", .comment = "\x02"}) ==
          ": \x02\nevent: \x01\x7F\ndata: \t\x1F\n\n");
}

TEST_CASE("a name or a comment with a line end is refused") {
    for (const auto& text : {"\n"sv, "\r"sv, "a\r\nb"sv, "a\n\ndata: forged"sv, "just about sixteen\n"sv}) {
        CAPTURE(text);
        CHECK(refusal({.name = text, .data = "x"}) == sse_errc::line_end_in_name);
        CHECK(refusal({.data = "x", .comment = text}) == sse_errc::line_end_in_comment);
    }
}

TEST_CASE("what is not UTF-8 is refused in every member") {
    for (const auto& text : {"\x80"sv, "\xff"sv, "\xc3"sv, "\xc0\x80"sv, "\xed\xa0\x80"sv,
                             "eight bytes and \xe2\x82"sv, "\xf4\x90\x80\x80 more"sv}) {
        CAPTURE(text);
        CHECK(refusal({.id = text, .data = "x"}) == sse_errc::invalid_utf8);
        CHECK(refusal({.name = text, .data = "x"}) == sse_errc::invalid_utf8);
        CHECK(refusal({.data = text}) == sse_errc::invalid_utf8);
        CHECK(refusal({.data = "x", .comment = text}) == sse_errc::invalid_utf8);
    }
}

TEST_CASE("a character with a line end in the middle is not UTF-8") {
    CHECK(refusal({.data = "\xc3\n\xbc"}) == sse_errc::invalid_utf8);
}

TEST_CASE("the error for bad UTF-8 names the member") {
    std::string out;
    try {
        rill::encode(out, {.data = "\xff"});
        FAIL("it was not refused");
    } catch (const rill::error& e) {
        CHECK(std::string{e.what()}.starts_with("data"));
    }
}

TEST_CASE("a negative retry time is refused") {
    CHECK(refusal({.data = "x", .retry = -1ms}) == sse_errc::negative_retry);
    CHECK(refusal({.retry = std::chrono::milliseconds::min()}) == sse_errc::negative_retry);
}

TEST_CASE("an event with nothing in it is refused") {
    CHECK(refusal({}) == sse_errc::empty_event);
    CHECK(refusal({.name = ""}) == sse_errc::empty_event);
    CHECK(refusal({.data = std::string_view{}}) == sse_errc::empty_event);
}
