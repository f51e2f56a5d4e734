#include <rill/sse/decode.hpp>

#include "sse_reading.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

using namespace std::literals;
using rill::decoded;

namespace {

/// The data of a stream's only message, "(none)" or "(many)".
std::string only_data(std::string_view stream) {
    const auto log = read(stream).log;
    if (log.empty()) return "(none)";
    if (!log.starts_with("message|") || !log.ends_with("|\n")) return "(many)";
    return log.substr(8, log.size() - 10);
}

} // namespace

TEST_CASE("a line ends with LF, CR or CRLF, mixed at will in one stream") {
    for (const auto& first : {"\n"s, "\r"s, "\r\n"s})
        for (const auto& second : {"\n"s, "\r"s, "\r\n"s})
            CHECK(read("data: a" + first + "data: b" + second + "data: c" + first + "\r").log ==
                  "message|a\nb\nc|\n");
    CHECK(read("data: 1\r\n\rdata: 2\n\r\ndata: 3\r\rdata: 4\r\n\r\n").log ==
          "message|1|\nmessage|2|\nmessage|3|\nmessage|4|\n");
}

TEST_CASE("CR CR ends an event at once, without a wait for an LF") {
    rill::decoder decoder;
    auto bytes = "data: x\r\r"sv;
    CHECK(decoder.next(bytes) == decoded::message);
    CHECK(decoder.current().data == "x");
    bytes = "\ndata: y\r\n\r"; // the LF still belongs to the CR before it
    CHECK(decoder.next(bytes) == decoded::message);
    CHECK(decoder.current().data == "y");
    bytes = "\n";
    CHECK(decoder.next(bytes) == decoded::nothing);
}

TEST_CASE("a CR at the end of a read and an LF after it are one line end") {
    CHECK(read_pieces({"data: a\r", "\ndata: b\r", "\n\r", "\n"}).log == "message|a\nb|\n");
    CHECK(read_pieces({"data: a\r", "", "\ndata: b\n\n"}).log == "message|a\nb|\n");
    CHECK(read_pieces({"data: a\r", "\n", "\n"}).log == "message|a|\n");
}

TEST_CASE("U+2028, U+2029, U+0085, vertical tab and form feed end no line") {
    for (const auto& text : {"\xe2\x80\xa8"s, "\xe2\x80\xa9"s, "\xc2\x85"s, "\v"s, "\f"s, "\x1c\x1d\x1e"s})
        CHECK(only_data("data: a" + text + "data: b\n\n") == "a" + text + "data: b");
}

TEST_CASE("one leading byte order mark is dropped, also when it is split") {
    CHECK(only_data("\xef\xbb\xbf"
                    "data: x\n\n") == "x");
    CHECK(read("\xef\xbb\xbf\n\ndata: x\n\n").log == "message|x|\n");
    CHECK(read("\xef\xbb\xbf:c\n").log == "#c\n");
}

TEST_CASE("a second byte order mark is part of the field name") {
    CHECK(only_data("\xef\xbb\xbf\xef\xbb\xbf"
                    "data: x\n\n") == "(none)");
    CHECK(only_data("\n\xef\xbb\xbf"
                    "data: x\n\n") == "(none)");
    CHECK(only_data("data: a\n\xef\xbb\xbf"
                    "data: b\n\n") == "a");
}

TEST_CASE("U+FEFF in a value is data") {
    CHECK(only_data("data: \xef\xbb\xbfx\n\n") == "\xef\xbb\xbfx");
    CHECK(only_data("data:\xef\xbb\xbf\n\n") == "\xef\xbb\xbf");
}

TEST_CASE("a byte order mark that is cut short is nothing but a bad field name") {
    CHECK(only_data("\xef\xbb"
                    "data: x\n\n") == "(none)");
    CHECK(read("\xef\xbb\n\ndata: x\n\n").log == "message|x|\n");
    CHECK(read("\xef").log.empty());
}

TEST_CASE("at most one space after the colon is dropped") {
    CHECK(only_data("data:x\n\n") == "x");
    CHECK(only_data("data: x\n\n") == "x");
    CHECK(only_data("data:  x \n\n") == " x ");
    CHECK(only_data("data:\tx\n\n") == "\tx");
    CHECK(only_data("data: \n\n") == "");
    CHECK(only_data("data: a: b\n\n") == "a: b");
    CHECK(only_data("data::\n\n") == ":");
}

TEST_CASE("a line without colon is a field with an empty value") {
    CHECK(only_data("data\n\n") == "");
    CHECK(only_data("data\ndata\n\n") == "\n");
    CHECK(read("event: a\nevent\ndata: x\n\n").log == "message|x|\n");
    CHECK(read("id: 1\ndata: x\n\nid\ndata: y\n\n").log == "message|x|1\nmessage|y|\n");
}

TEST_CASE("field names match by exact case, and unknown ones are ignored") {
    for (const auto name : {"Data", "DATA", "data ", " data", "dat", "datax", "\tdata", "data\xc2\xa0", "foo",
                            "x", "Event", "ids", "retr"}) {
        CAPTURE(name);
        CHECK(only_data("data: a\n" + std::string{name} + ": b\n\n") == "a");
        CHECK(only_data(std::string{name} + ": b\n\n") == "(none)");
    }
    const auto r = read("ID: 1\nEVENT: e\nRetry: 5\nid : 2\ndata: x\n\n");
    CHECK(r.log == "message|x|\n");
    CHECK_FALSE(r.retry);
}

TEST_CASE("a line that begins with a colon is a comment and touches no event") {
    CHECK(read("data: a\n: data: b\n:\n:id: 7\ndata: c\n\n").log == "#data: b\n#\n#id: 7\nmessage|a\nc|\n");
    CHECK(read(":  two spaces\n::\n").log == "# two spaces\n#:\n");
}

TEST_CASE("a comment is there as soon as its line is read") {
    rill::decoder decoder;
    auto bytes = "data: x\n: ping\r"sv;
    CHECK(decoder.next(bytes) == decoded::comment);
    CHECK(decoder.comment() == "ping");
    CHECK(bytes.empty());
    bytes = "\n: pi"sv;
    CHECK(decoder.next(bytes) == decoded::nothing);
}

TEST_CASE("lines of data are joined with LF, with none after the last") {
    CHECK(only_data("data: a\ndata: b\n\n") == "a\nb");
    CHECK(only_data("data:\ndata:x\n\n") == "\nx");
    CHECK(only_data("data: x\ndata:\n\n") == "x\n");
    CHECK(only_data("data:\ndata:\ndata:\n\n") == "\n\n");
    CHECK(only_data("data: a\nid: \nfoo: 1\ndata: b\n\n") == "a\nb");
}

TEST_CASE("a lone data field makes one event with empty data") {
    CHECK(read("data\n\n").log == "message||\n");
    CHECK(read("data:\n\n\n\n").log == "message||\n");
    CHECK(read("data\n\ndata\n\n").log == "message||\nmessage||\n");
}

TEST_CASE("a blank line without data before it makes no event") {
    CHECK(read("\n\n\n").log.empty());
    CHECK(read("event: e\n\n").log.empty());
    CHECK(read("id: 1\n\nretry: 5\n\nfoo: bar\n\n").log.empty());
    CHECK(read(":c\n\n").log == "#c\n");
}

TEST_CASE("the last event field of an event wins, and an empty one means message") {
    CHECK(read("event: a\nevent: b\ndata: x\n\n").log == "b|x|\n");
    CHECK(read("event: a\nevent:\ndata: x\n\n").log == "message|x|\n");
    CHECK(read("data: x\nevent: late\n\n").log == "late|x|\n");
}

TEST_CASE("the type is forgotten after each blank line") {
    CHECK(read("event: a\ndata: x\n\ndata: y\n\n").log == "a|x|\nmessage|y|\n");
    CHECK(read("event: a\n\ndata: y\n\n").log == "message|y|\n");
}

TEST_CASE("an id sticks to the events after it until another one comes") {
    CHECK(read("id: 1\ndata: x\n\ndata: y\n\nid: 2\ndata: z\n\n").log ==
          "message|x|1\nmessage|y|1\nmessage|z|2\n");
    CHECK(read("id: 1\nid: 2\ndata: x\n\n").last_event_id == "2");
}

TEST_CASE("an empty id clears the last one") {
    CHECK(read("id: 1\ndata: x\n\nid:\ndata: y\n\ndata: z\n\n").log ==
          "message|x|1\nmessage|y|\nmessage|z|\n");
    CHECK(read("id: 1\n\nid\n\n").last_event_id.empty());
}

TEST_CASE("an id with a NUL is ignored") {
    CHECK(read("id: 1\ndata: x\n\nid: 2\0\ndata: y\n\n"sv).log == "message|x|1\nmessage|y|1\n");
    CHECK(read("id: \0\n\n"sv).last_event_id.empty());
    CHECK(read("id: 1\nid: 2\0002\n\n"sv).last_event_id == "1");
}

TEST_CASE("NUL is a byte like any other in data, names and comments") {
    CHECK(read("event: e\0\ndata: \0\n:\0\n\n"sv).log == "#\0\ne\0|\0|\n"sv);
}

TEST_CASE("an id takes effect at the blank line, also where there is no data") {
    rill::decoder decoder;
    auto bytes = "id: 7\n"sv;
    CHECK(decoder.next(bytes) == decoded::nothing);
    CHECK(decoder.last_event_id().empty());
    bytes = "\n";
    CHECK(decoder.next(bytes) == decoded::nothing);
    CHECK(decoder.last_event_id() == "7");
    CHECK(read("id: 7\n\ndata: x\n\n").log == "message|x|7\n");
}

TEST_CASE("a retry time acts at its own line") {
    rill::decoder decoder;
    auto bytes = "retry: 1500"sv;
    CHECK(decoder.next(bytes) == decoded::nothing);
    CHECK_FALSE(decoder.retry());
    bytes = "\r";
    CHECK(decoder.next(bytes) == decoded::nothing);
    CHECK(decoder.retry() == 1500ms);
}

TEST_CASE("a retry time is ASCII digits only, in milliseconds, else it is ignored") {
    CHECK(read("retry: 0\n").retry == 0ms);
    CHECK(read("retry:007\n").retry == 7ms);
    CHECK(read("retry: 1\nretry: 2\n").retry == 2ms);
    for (const auto value : {"", "-1", "+1", "1.5", "1e3", "0x10", " 1", "1 ", "1s", "\xd9\xa1", "a"}) {
        CAPTURE(value);
        CHECK(read("retry: 42\nretry: " + std::string{value} + "\n").retry == 42ms);
    }
    CHECK(read("retry: 42\nretry\n").retry == 42ms);
}

TEST_CASE("a retry time beyond all bounds is the longest one") {
    for (const auto value : {"2147483647", "2147483648", "9223372036854775808", "18446744073709551617"})
        CHECK(read("retry: " + std::string{value} + "\n").retry == rill::decoder::max_retry);
    CHECK(read("retry: " + std::string(100, '9') + "\n").retry == rill::decoder::max_retry);
    CHECK(read("retry: 2147483646\n").retry == rill::decoder::max_retry - 1ms);
}

TEST_CASE("a line counts only once its end was read") {
    CHECK(read("retry: 5").retry == std::nullopt);
    CHECK(read(": comment").log.empty());
    CHECK(read("data: x\n\nid: 3").last_event_id.empty());
}

TEST_CASE("an event that the end of the stream cuts off is dropped") {
    for (const auto stream :
         {"data: x", "data: x\n", "data: x\r\n", "data: x\nid: 1\n", "event: e\ndata: x\r"}) {
        CAPTURE(stream);
        CHECK(read(stream) == reading{});
    }
}

TEST_CASE("each maximal part that is not UTF-8 becomes one U+FFFD") {
    const std::array<std::pair<std::string_view, std::string_view>, 18> cases{{
        {"\x80", "?"},
        {"\xff", "?"},
        {"\xfe\xff", "??"},
        {"\xc3", "?"},
        {"\xc3(", "?("},
        {"\xc0\x80", "??"},      // overlong: never a lead byte
        {"\xe0\x80\x80", "???"}, // overlong: the second byte is out of bounds
        {"\xe0\xa0", "?"},
        {"\xe2\x82", "?"},
        {"\xe2\x82"
         "A",
         "?A"},
        {"\xe2\xe2\x82\xac", "?\xe2\x82\xac"},
        {"\xed\xa0\x80", "???"}, // a surrogate
        {"\xf0\x80\x80\x80", "????"},
        {"\xf0\x9f\x8c", "?"},
        {"\xf0\x9f\x8c\xf0\x9f\x8c\x8a", "?\xf0\x9f\x8c\x8a"},
        {"\xf4\x90\x80\x80", "????"}, // above U+10FFFF
        {"\xf5\x80\x80\x80", "????"},
        {"\xf1\x80\x80\xe1\x80\xc2"
         "b\x80\xbf",
         "???b??"},
    }};
    for (const auto& [bytes, shown] : cases) {
        std::string expected;
        for (const char c : shown) expected += c == '?' ? "\xef\xbf\xbd"s : std::string{c};
        CAPTURE(expected);
        CHECK(only_data("data: " + std::string{bytes} + "\n\n") == expected);
        CHECK(only_data("data: abc" + std::string{bytes} + " and more text\n\n") ==
              "abc" + expected + " and more text");
    }
}

TEST_CASE("a character that a line end cuts off does not swallow it") {
    CHECK(only_data("data: \xe2\x82\ndata: \xac\n\n") == "\xef\xbf\xbd\n\xef\xbf\xbd");
    CHECK(only_data("data: \xf0\r\ndata: x\n\n") == "\xef\xbf\xbd\nx");
}

TEST_CASE("ids, types and comments are decoded like data") {
    CHECK(read("id: \xff\nevent: \xfe\ndata: x\n\n:\xfd\n").log ==
          "\xef\xbf\xbd|x|\xef\xbf\xbd\n#\xef\xbf\xbd\n");
}

TEST_CASE("the example streams of the standard are read as it says") {
    CHECK(read("data: YHOO\ndata: +2\ndata: 10\n\n").log == "message|YHOO\n+2\n10|\n");
    CHECK(read(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n")
              .log == "#test stream\nmessage|first event|1\nmessage|second event|\n");
    CHECK(read("data\n\ndata\ndata\n\ndata:").log == "message||\nmessage|\n|\n");
    CHECK(read("data:test\n\ndata: test\n\n").log == "message|test|\nmessage|test|\n");
}

TEST_CASE("the id that a decoder begins with holds until the stream gives another") {
    rill::decoder decoder{{}, "41"};
    CHECK(decoder.last_event_id() == "41");
    reading r;
    read_on(decoder, "data: x\n\nid: 42\ndata: y\n\n", r);
    CHECK(r.log == "message|x|41\nmessage|y|42\n");
}

TEST_CASE("a new connection begins afresh, but for the last id and the retry time") {
    rill::decoder decoder;
    reading r;
    read_on(decoder, "id: 1\ndata: a\n\nretry: 9\nid: 2\nevent: e\ndata: lost\nda", r);
    decoder.reset();
    CHECK(decoder.last_event_id() == "1");
    CHECK(decoder.retry() == 9ms);
    read_on(decoder,
            "\xef\xbb\xbf"
            "data: b\n\n",
            r);
    CHECK(r.log == "message|a|1\nmessage|b|1\n");
}

TEST_CASE("an LF at the front of a new connection is a line of its own, whatever the old one ended with") {
    rill::decoder decoder;
    reading r;
    read_on(decoder, "data: a\r", r);
    decoder.reset();
    read_on(decoder,
            "\n\xef\xbb\xbf"
            "data: not at the front\n\ndata: b\n\n",
            r);
    CHECK(r.log == "message|b|\n");
}

TEST_CASE("a message can be moved out, and the next one is whole") {
    rill::decoder decoder;
    auto bytes = "event: e\ndata: a long text that no small string holds within itself\n\ndata: b\n\n"sv;
    REQUIRE(decoder.next(bytes) == decoded::message);
    const auto first = std::move(decoder.current());
    REQUIRE(decoder.next(bytes) == decoded::message);
    CHECK(first == rill::message{"e", "a long text that no small string holds within itself"});
    CHECK(decoder.current() == rill::message{"message", "b"});
}
