#include <rill/http/detail/syntax.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

using rill::detail::span;
using rill::detail::value_char;

namespace {

std::size_t span_of_value(std::string_view text) {
    bool tabs = false;
    const auto size = rill::detail::span_of_value(text, tabs);
    if (tabs != (text.substr(0, size).find('\t') != text.npos)) FAIL_CHECK("TABs are told wrongly of ", text);
    return size;
}

} // namespace

TEST_CASE(
    "where a value ends is found eight bytes at a time as byte by byte, whatever ends it and wherever") {
    for (std::size_t size = 0; size < 40; ++size)
        for (std::size_t at = 0; at < size; ++at)
            for (unsigned byte = 0; byte < 256; ++byte) {
                std::string text(size, 'v');
                text[at] = static_cast<char>(byte);
                if (span_of_value(text) == span(text, value_char)) continue;
                CAPTURE(size);
                CAPTURE(at);
                FAIL_CHECK("differs for the byte ", byte);
            }
}

TEST_CASE("bytes that a value may hold beside those that it may not do not hide them") {
    for (const char* beside : {"\t", " ", "~", "\x80", "\xFF", "\x7E", "!"})
        for (const char* end : {"\r", "\n", "\x7F", "\x1F", "\x01"}) {
            std::string text;
            for (int i = 0; i < 7; ++i) text += beside;
            text += end;
            text += "and what follows";
            CHECK(span_of_value(text) == 7);
            CHECK(span_of_value(std::string(8, 'v') + text) == 15);
            CHECK(span_of_value(text.substr(0, 7)) == 7);
        }
    CHECK(span_of_value(std::string{"1234567\0", 8}) == 7);
    CHECK(span_of_value({}) == 0);
}
