#include <rill/base/text.hpp>

#include <doctest/doctest.h>

#include <cstdint>

using namespace std::literals;

TEST_CASE("well-formed UTF-8 of every length is accepted, wherever it stands") {
    for (const auto text :
         {""sv, "plain"sv, "\0"sv, "\x7f"sv, "\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv, "\xed\x9f\xbf"sv,
          "\xee\x80\x80"sv, "\xef\xbf\xbf"sv, "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv}) {
        CAPTURE(text);
        for (std::size_t before = 0; before < 20; ++before)
            CHECK(rill::is_utf8(std::string(before, 'a') + std::string{text} + "tail of some length"));
    }
}

TEST_CASE("malformed UTF-8 is refused, wherever it stands") {
    for (const auto text :
         {"\x80"sv, "\xbf"sv, "\xc0\x80"sv, "\xc1\xbf"sv, "\xc2"sv, "\xc2 "sv, "\xe0\x9f\xbf"sv, "\xe0\xa0"sv,
          "\xed\xa0\x80"sv, "\xed\xbf\xbf"sv, "\xf0\x8f\xbf\xbf"sv, "\xf0\x90\x80"sv, "\xf4\x90\x80\x80"sv,
          "\xf5\x80\x80\x80"sv, "\xff"sv, "\xfe"sv, "\xe2\x82\xac\x80"sv}) {
        CAPTURE(text);
        for (std::size_t before = 0; before < 20; ++before) {
            CHECK_FALSE(rill::is_utf8(std::string(before, 'a') + std::string{text}));
            CHECK_FALSE(rill::is_utf8(std::string(before, 'a') + std::string{text} + "tail of some length"));
        }
    }
}

TEST_CASE("comparing without case folds A to Z and nothing else") {
    CHECK(rill::equals_ignoring_case("Content-TYPE", "content-type"));
    CHECK_FALSE(rill::equals_ignoring_case("a", "ab"));
    CHECK_FALSE(rill::equals_ignoring_case("@", "`"));
    CHECK_FALSE(rill::equals_ignoring_case("[", "{"));
}

TEST_CASE("trimming takes spaces and tabs from both ends only") {
    CHECK(rill::trim(" \t a b \t") == "a b");
    CHECK(rill::trim(" \t ").empty());
    CHECK(rill::trim("\r\n") == "\r\n");
}

TEST_CASE("a number is read whole or not at all") {
    CHECK(rill::parse<int>("-12") == -12);
    CHECK(rill::parse<std::uint64_t>("18446744073709551615") == UINT64_MAX);
    CHECK(rill::parse<double>("1.5") == 1.5);
    for (const auto text : {"", " 1", "1 ", "+1", "0x10", "1.0", "18446744073709551616", "-1", "a"}) {
        CAPTURE(text);
        CHECK_FALSE(rill::parse<std::uint64_t>(text));
    }
    CHECK_FALSE(rill::parse<std::uint8_t>("256"));
}

TEST_CASE("a bool has four spellings, a string takes anything") {
    CHECK(rill::parse<bool>("true") == true);
    CHECK(rill::parse<bool>("1") == true);
    CHECK(rill::parse<bool>("false") == false);
    CHECK(rill::parse<bool>("0") == false);
    CHECK_FALSE(rill::parse<bool>("yes"));
    CHECK(rill::parse<std::string>("") == "");
}
