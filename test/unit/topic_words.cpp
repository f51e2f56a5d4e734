#include <rill/sse/encode.hpp>
#include <rill/topic/detail/words.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

using namespace std::chrono_literals;
using rill::event;
using rill::detail::append_checkpoint;
using rill::detail::append_gap;
using rill::detail::gap;
using rill::detail::read_event;

namespace {

/// Two texts that are also the same in being there at all.
bool same(std::string_view a, std::string_view b) {
    return a == b && (a.data() == nullptr) == (b.data() == nullptr);
}

/// Whether `expected` is what is read of what `written` is encoded to.
void check_read(const event& written, const event& expected) {
    std::string encoded;
    rill::encode(encoded, written);
    CAPTURE(encoded);
    std::string scratch = "left from before";
    const auto read = read_event(encoded, scratch);
    CHECK(same(read.id, expected.id));
    CHECK(same(read.name, expected.name));
    CHECK(same(read.data, expected.data));
    CHECK(same(read.comment, expected.comment));
    CHECK(read.retry == expected.retry);
    std::string again;
    rill::encode(again, read);
    CHECK(again == encoded);
}

void check_read(const event& e) {
    check_read(e, e);
}

std::string gap_of(enum gap why, std::uint64_t missed) {
    std::string to;
    append_gap(to, "i", why, missed);
    return to;
}

} // namespace

TEST_CASE("an event is read as it was before it was encoded, each member by itself") {
    check_read({.id = "7"});
    check_read({.data = "text"});
    check_read({.comment = "still here"});
    check_read({.retry = 10s});
}

TEST_CASE("an event is read as it was before it was encoded, all members together") {
    check_read({.id = "7", .name = "price", .data = "12.50", .comment = "why", .retry = 1500ms});
    check_read({.id = "7", .name = "price", .data = "12.50"});
    check_read({.id = "7", .data = "x", .comment = "c"});
    check_read({.id = "7", .comment = "c", .retry = 1ms});
}

TEST_CASE("empty texts are read as empty, and are not those that are not there") {
    check_read({.id = ""});
    check_read({.data = ""});
    check_read({.comment = ""});
    check_read({.id = "", .name = "n", .data = "", .comment = ""});
}

TEST_CASE("data of many lines is read with LF between them, empty ones among them") {
    check_read({.data = "a\nb"});
    check_read({.data = "\n"});
    check_read({.data = "\n\n\n"});
    check_read({.data = "a\n"});
    check_read({.data = "\na"});
    check_read({.data = "a\n\nb\n"});
    std::string many;
    for (int n = 0; n < 1000; ++n) many += std::to_string(n) + '\n';
    check_read({.id = "7", .data = many});
    check_read({.data = "a\r\nb\rc\r\n"}, {.data = "a\nb\nc\n"}); // the format cannot tell them apart
}

TEST_CASE("an event with a name has data") {
    check_read({.name = "done"}, {.name = "done", .data = ""});
}

TEST_CASE("texts that look like fields, or like what stands between them, are read as texts") {
    for (const std::string_view text :
         {"data: x", "id: 7", "event: e", "retry: 9", ": c", ":", ": ", ":x", " ", "  two ", "a: b: c",
          "data", "data:", "\t", "\xEF\xBB\xBF", "\xC3\xA4\xE2\x80\xA8\xF0\x9F\x92\xA7", "\v\f\x01\x7F"}) {
        CAPTURE(text);
        const bool fits_an_id = text.find_first_of("\t\v\f\x01\x7F") == text.npos;
        const auto id = fits_an_id ? text : "7";
        check_read({.id = id});
        check_read({.name = text, .data = text});
        check_read({.data = text});
        check_read({.comment = text});
        check_read({.id = id, .name = text, .data = text, .comment = text, .retry = 0ms});
        const auto lines = std::string{text} + '\n' + std::string{text};
        check_read({.data = lines});
    }
    constexpr std::string_view nul{"a\0b", 3};
    check_read({.name = nul, .data = nul, .comment = nul});
}

TEST_CASE("each time to wait is read as it was, whatever its size") {
    constexpr auto longest = std::chrono::milliseconds{std::numeric_limits<std::int64_t>::max()};
    for (const auto retry : {0ms, 1ms, 10ms, 4'294'967'296ms, longest}) check_read({.retry = retry});
}

TEST_CASE("an event of one line is read as views of what was encoded: no byte is copied") {
    std::string encoded;
    rill::encode(encoded, {.id = "7", .name = "n", .data = "text", .comment = "c"});
    std::string scratch;
    const auto read = read_event(encoded, scratch);
    for (const auto view : {read.id, read.name, read.data, read.comment}) {
        CHECK(view.data() >= encoded.data());
        CHECK(view.data() + view.size() < encoded.data() + encoded.size());
    }
    CHECK(scratch.empty());
}

TEST_CASE("one event is read, and nothing of the next") {
    std::string encoded;
    rill::encode(encoded, {.id = "1"});
    rill::encode(encoded, {.name = "n", .data = "2"});
    std::string scratch;
    const auto read = read_event(encoded, scratch);
    CHECK(read.id == "1");
    CHECK(read.name.empty());
    CHECK(read.data.data() == nullptr);
}

TEST_CASE("a checkpoint is an id, and data that all clients take for an event") {
    std::string to;
    append_checkpoint(to, "00c0ffee1234-17");
    CHECK(to == "id: 00c0ffee1234-17\nevent: checkpoint\ndata: {}\n\n");
    append_checkpoint(to, "x");
    CHECK(to == "id: 00c0ffee1234-17\nevent: checkpoint\ndata: {}\n\n"
                "id: x\nevent: checkpoint\ndata: {}\n\n");
}

TEST_CASE("a gap is an event of that type, with the place where the reader goes on and the reason") {
    CHECK(gap_of(gap::unknown_epoch, 0) == "id: i\nevent: gap\ndata: {\"reason\":\"unknown_epoch\"}\n\n");
    CHECK(gap_of(gap::unknown_id, 0) == "id: i\nevent: gap\ndata: {\"reason\":\"unknown_id\"}\n\n");
    CHECK(gap_of(gap::malformed_id, 0) == "id: i\nevent: gap\ndata: {\"reason\":\"malformed_id\"}\n\n");
}

TEST_CASE("a gap says how many events are missed where that is known") {
    CHECK(gap_of(gap::trimmed, 12) == "id: i\nevent: gap\ndata: {\"reason\":\"trimmed\",\"missed\":12}\n\n");
    CHECK(gap_of(gap::lagged, 1) == "id: i\nevent: gap\ndata: {\"reason\":\"lagged\",\"missed\":1}\n\n");
    CHECK(gap_of(gap::superseded, std::numeric_limits<std::uint64_t>::max()) ==
          "id: i\nevent: gap\ndata: {\"reason\":\"superseded\",\"missed\":18446744073709551615}\n\n");
}

TEST_CASE("a gap is appended to what is there") {
    std::string to;
    append_checkpoint(to, "1");
    append_gap(to, "2", gap::lagged, 3);
    CHECK(to == "id: 1\nevent: checkpoint\ndata: {}\n\nid: 2\nevent: gap\ndata: "
                "{\"reason\":\"lagged\",\"missed\":3}\n\n");
}
