#include <rill/sse/decode.hpp>
#include <rill/sse/encode.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace std::literals;

namespace {

/// Makes texts out of pieces that are hard on an encoder or a decoder.
class text_maker {
public:
    explicit text_maker(std::uint32_t seed) : random_{seed} {}

    std::size_t below(std::size_t n) { return random_() % n; }

    std::string any_text() { return text(pieces.size()); }
    std::string one_line() { return text(pieces.size() - 4); }
    std::string one_line_without_controls() { return text(pieces.size() - 7); }

private:
    // The ones that fewer members may have come last.
    static constexpr std::array pieces{"a"sv,
                                       "data: x"sv,
                                       " "sv,
                                       "  "sv,
                                       ":"sv,
                                       "id"sv,
                                       "\xef\xbb\xbf"sv, // byte order mark
                                       "\xef\xbf\xbd"sv, // the replacement character itself
                                       "\xc2\x85"sv,     // next line
                                       "\xe2\x80\xa8"sv, // line separator
                                       "\xc3\xbc"sv,
                                       "\xe4\xb8\xad"sv,
                                       "\xf0\x9f\x8c\x8a"sv,
                                       "\xf4\x8f\xbf\xbf"sv, // the last code point
                                       "some longer words to fill a few machine words"sv,
                                       "\t"sv,
                                       "\v\f"sv,
                                       "\0"sv,
                                       "\n"sv,
                                       "\r"sv,
                                       "\r\n"sv,
                                       "\n\n\r\r"sv};

    std::string text(std::size_t choices) {
        std::string result;
        for (auto n = below(8); n > 0; --n) result += pieces.at(below(choices));
        return result;
    }

    std::minstd_rand random_;
};

/// `text` with an LF for each of its line ends.
std::string with_lf(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r')
            result += text[i];
        else if (i + 1 == text.size() || text[i + 1] != '\n')
            result += '\n';
    }
    return result;
}

/// What came out of a stream that was fed in pieces of at most `piece` bytes.
struct received {
    std::vector<rill::message> messages;
    std::vector<std::string> comments;
};

received read(rill::decoder& decoder, std::string_view stream, std::size_t piece) {
    received result;
    for (; !stream.empty(); stream.remove_prefix(std::min(piece, stream.size()))) {
        auto bytes = stream.substr(0, piece);
        while (!bytes.empty()) {
            const auto what = decoder.next(bytes);
            if (what == rill::decoded::message) result.messages.push_back(decoder.current());
            if (what == rill::decoded::comment) result.comments.emplace_back(decoder.comment());
        }
    }
    return result;
}

} // namespace

TEST_CASE("twenty thousand events of random texts come back as they were") {
    text_maker make{20'240'607};
    rill::decoder decoder; // one for all: nothing of an event may be left to the next one
    std::string last_id;
    std::string stream;
    for (int round = 0; round < 20'000; ++round) {
        const auto id = make.one_line_without_controls();
        const auto name = make.one_line();
        const auto data = make.any_text();
        const auto comment = make.one_line();
        rill::event e{.data = data};
        if (make.below(2) == 0) e.id = id;
        if (make.below(2) == 0) e.name = name;
        if (make.below(4) == 0) e.comment = comment;
        if (make.below(4) == 0) e.retry = std::chrono::milliseconds{make.below(1'000'000)};
        if (make.below(8) == 0 && e.id.data() != nullptr) e.data = {};

        stream.clear();
        encode(stream, e);
        const auto got = read(decoder, stream, 1 + make.below(stream.size()));

        CAPTURE(round);
        CAPTURE(stream);
        if (e.id.data() != nullptr) last_id = id;
        REQUIRE(decoder.last_event_id() == last_id);
        if (e.retry) REQUIRE(decoder.retry() == e.retry);
        REQUIRE(got.comments.size() == (e.comment.data() != nullptr ? 1 : 0));
        if (!got.comments.empty()) REQUIRE(got.comments[0] == comment);
        const bool checkpoint = e.data.data() == nullptr && e.name.empty();
        REQUIRE(got.messages.size() == 1);
        REQUIRE(got.messages[0].type == (checkpoint ? "checkpoint" : e.name.empty() ? "message" : e.name));
        REQUIRE(got.messages[0].data == (checkpoint ? "{}" : with_lf(e.data)));
        REQUIRE(got.messages[0].last_event_id == last_id);
    }
}

TEST_CASE("a byte order mark at the front of the first data comes back") {
    std::string stream;
    rill::encode(stream, {.data = "\xef\xbb\xbfx"});
    rill::decoder decoder;
    const auto got = read(decoder, stream, 3);
    REQUIRE(got.messages.size() == 1);
    CHECK(got.messages[0].data == "\xef\xbb\xbfx");
}

TEST_CASE("a hundred thousand line ends of each kind come back as LF") {
    for (const auto& end : {"\n"s, "\r"s, "\r\n"s}) {
        std::string data;
        for (int i = 0; i < 100'000; ++i) data += end;
        std::string stream;
        rill::encode(stream, {.data = data});
        rill::decoder decoder;
        const auto got = read(decoder, stream, 1000);
        REQUIRE(got.messages.size() == 1);
        CHECK(got.messages[0].data == std::string(100'000, '\n'));
    }
}
