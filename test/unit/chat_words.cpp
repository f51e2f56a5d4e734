#include <rill/app/http_error.hpp>

#include "chat/unicode.hpp"
#include "chat/words.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

// Whether the tables are those of Unicode, and what a listener sees, is tested from outside:
// clients/chat.mjs.

namespace {

rill::status status_of(void (*check)(std::string_view), std::string_view text) {
    try {
        check(text);
    } catch (const rill::http_error& why) {
        return why.code();
    }
    return rill::status::no_content;
}

rill::status name_status(std::string_view name) {
    return status_of([](std::string_view text) { (void)chat::checked_name(text); }, name);
}

rill::status text_status(std::string_view text) {
    return status_of(chat::check_text, text);
}

constexpr auto taken = rill::status::no_content;
constexpr auto refused = rill::status::bad_request;

} // namespace

TEST_CASE("characters come out of UTF-8 and go back") {
    constexpr std::string_view text = "a\u007f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff";
    const auto characters = chat::decoded(text);
    CHECK(characters == U"a\u007f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff");
    CHECK(chat::encoded(characters) == text);
    CHECK(chat::decoded("").empty());
}

TEST_CASE("white space at the ends of a name is dropped, and inside is one blank") {
    CHECK(chat::checked_name("\u3000 Ada\u00a0\u2003Lovelace\u2028\r\n") == "Ada Lovelace");
    CHECK(chat::checked_name("a") == "a");
    CHECK(chat::checked_name(std::string(32, 'x')).size() == 32);
    CHECK(name_status(std::string(33, 'x')) == refused);
}

TEST_CASE("a name of which nothing is seen is refused") {
    for (const std::string_view name :
         {"", " ", "\u00a0", "\u3000\u2003", "\u200d", "\ufe0f", "\u200c \u200d", "\u3164", "\u115f",
          "\uffa0", "\u2800", "\U000e0020", "\U000e0100", "\u034f", "\u00ad"}) {
        CAPTURE(name);
        CHECK(name_status(name) == refused);
    }
}

TEST_CASE("characters that hide or turn others are refused in a name") {
    for (const std::string_view character :
         {"\u202a", "\u202b", "\u202c", "\u202d",     "\u202e",     "\u2066", "\u2067", "\u2068",
          "\u2069", "\u200e", "\u200f", "\u061c",     "\u200b",     "\ufeff", "\u2060", "\u00ad",
          "\u034f", "\u3164", "\u180e", "\U0001d173", "\U000e0001", "\u2800", "\ufff9", "\n",
          "\t",     "\x01",   "\x7f",   "\u0085",     "\u009b",     "\u2028", "\u2029", "<",
          ">",      "#",      "\uff1c", "\uff1e",     "\uff03",     "\ufe64", "\ufe65", "\ufe5f"}) {
        CAPTURE(character);
        CHECK(name_status("A" + std::string{character} + "b") == refused);
    }
}

TEST_CASE("what scripts and emoji are spelled with is not") {
    for (const std::string_view name :
         {"\U0001F469\u200D\U0001F4BB", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u2764\ufe0f",
          "\u845b\U000e0100\u57ce", "\U0001F3F4\U000E0067\U000E0062\U000E007F", "\u0e2a\u0e21\u0e0a\u0e32"}) {
        CAPTURE(name);
        CHECK(chat::checked_name(name) == name);
    }
}

TEST_CASE("names that differ in what nobody sees have the same key") {
    for (const std::string_view name :
         {"Ada", "ADA", "A\u200dda", "Ada\ufe0f", "\u200cAda\u200d", "Ad\U000e0100a"}) {
        CAPTURE(name);
        CHECK(chat::name_key(chat::checked_name(name)) == "ada");
    }
    CHECK(chat::name_key("Ada Lovelace") != chat::name_key("AdaLovelace"));
    CHECK(chat::name_key("\u0410\u0434\u0430") != chat::name_key("\u0410\u0434"));
}

TEST_CASE("a message needs something to be seen, and no control characters") {
    for (const std::string_view text : {"x", " x", "a\tb", "a\r\nb", "\u202eabc", "\u00a0.", "\u0301"}) {
        CAPTURE(text);
        CHECK(text_status(text) == taken);
    }
    for (const std::string_view text : {"", " \t\r\n", "\u00a0\u3000", "\u200b\u2060", "\u2800", "a\x1b[2Kb",
                                        "a\bb", "a\x7f", "a\u009bKK", "\x01"}) {
        CAPTURE(text);
        CHECK(text_status(text) == refused);
    }
    CHECK(text_status(std::string_view{"a\0b", 3}) == refused);
    CHECK(text_status(std::string(2000, 'x')) == taken);
    CHECK(text_status(std::string(2001, 'x')) == rill::status::content_too_large);
}

TEST_CASE("no line but the first begins where a speaker's would") {
    CHECK(chat::message_of("Ada", "hi") == "<Ada>: hi");
    CHECK(chat::message_of("Ada", "hi\n<Bob>: ho") == "<Ada>: hi\n  <Bob>: ho");
    CHECK(chat::message_of("Ada", "\n\n<Bob>: ho\n") == "<Ada>: \n  \n  <Bob>: ho\n  ");
    for (const std::string_view end : {"\r", "\n", "\r\n", "\v", "\f", "\u0085", "\u2028", "\u2029"}) {
        CAPTURE(end);
        CHECK(chat::message_of("Ada", "a" + std::string{end} + "b") == "<Ada>: a\n  b");
    }
    CHECK(chat::message_of("Ada", "a\r\r\n\nb") == "<Ada>: a\n  \n  \n  b");
}
