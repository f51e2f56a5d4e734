#include "llm/json.hpp"
#include "llm/refusal.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

namespace {

std::string levels(int count, std::string_view open, std::string_view close) {
    std::string text;
    for (int i = 0; i < count; ++i) text += open;
    text += "1";
    for (int i = 0; i < count; ++i) text += close;
    return text;
}

} // namespace

TEST_CASE("as many levels as the bound are read, and one more is not") {
    CHECK_FALSE(llm::read_json(levels(llm::deepest, "[", "]")).is_discarded());
    CHECK_THROWS_AS((void)llm::read_json(levels(llm::deepest + 1, "[", "]")), llm::nested_too_deeply);
    CHECK(llm::read_json(levels(llm::deepest, R"({"a":)", "}")).is_object());
    CHECK_THROWS_AS((void)llm::read_json(levels(llm::deepest + 1, R"({"a":)", "}")), llm::nested_too_deeply);
    const auto empty = std::string(llm::deepest + 1, '[') + std::string(llm::deepest + 1, ']');
    CHECK_THROWS_AS((void)llm::read_json(empty), llm::nested_too_deeply);
}

TEST_CASE("what is broken is discarded, unless it was too deep before") {
    for (const std::string_view text : {"", "{", "[1,]", "nonsense", "{\"a\":1e999}"}) {
        CAPTURE(text);
        CHECK(llm::read_json(text).is_discarded());
    }
    CHECK_THROWS_AS((void)llm::read_json(std::string(llm::deepest + 1, '[')), llm::nested_too_deeply);
}

TEST_CASE("half of a surrogate pair is U+FFFD, and a whole one a character") {
    constexpr std::pair<std::string_view, std::string_view> texts[]{
        {R"(["a\ud83d"])", "a\uFFFD"},
        {R"(["\uDC00b"])", "\uFFFDb"},
        {R"(["\ud83d\ud83d\ude00"])", "\uFFFD\U0001F600"},
        {R"(["\\ud83d\udc00"])", "\\ud83d\uFFFD"},
        {R"(["\ud83d\n"])", "\uFFFD\n"},
    };
    for (const auto& [text, meant] : texts) {
        CAPTURE(text);
        const auto read = llm::read_json(text);
        REQUIRE(read.is_array());
        CHECK(read[0].get<std::string>() == meant);
    }
    for (const std::string_view text : {R"(["\ud83d)", R"(["\u")", R"(["\ud8"])", "[\"\\"}) {
        CAPTURE(text);
        CHECK(llm::read_json(text).is_discarded());
    }
}

TEST_CASE("a body must be an object within the bound") {
    CHECK(llm::read_body(R"({"a": 1})").at("a") == 1);
    for (const auto& text : {std::string{"[]"}, std::string{"{"}, std::string{"{\"a\":1e999}"},
                             levels(llm::deepest + 1, R"({"a":)", "}")}) {
        CAPTURE(text);
        CHECK_THROWS_AS((void)llm::read_body(text), llm::refusal);
    }
}

TEST_CASE("a text is found only where there is one") {
    const auto object = llm::read_json(R"({"a": "b", "c": 1})");
    CHECK(llm::text_in(object, "a") == "b");
    CHECK(llm::text_in(object, "c").empty());
    CHECK(llm::text_in(object, "d").empty());
    CHECK(llm::text_in(llm::read_json("[]"), "a").empty());
}
