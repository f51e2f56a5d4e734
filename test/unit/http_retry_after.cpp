#include <rill/http/detail/retry_after.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <ctime>
#include <optional>
#include <string_view>

using namespace std::chrono_literals;
using rill::detail::parse_http_date;
using rill::detail::parse_retry_after;

namespace {

constexpr std::time_t example = 784111777; // Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110

} // namespace

TEST_CASE("a date is read in each of the three forms of RFC 9110") {
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", example) == example);
    CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", example) == example);
    CHECK(parse_http_date("Sun Nov  6 08:49:37 1994", example) == example);
    CHECK(parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT", example) == 1709164800);
    CHECK(parse_http_date("Fri, 31 Dec 2100 23:59:60 GMT", example) == 4133980799);
}

TEST_CASE("a year of two digits is at most fifty years ahead") {
    constexpr std::time_t in_2026 = 1767225600; // 1 January 2026
    CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", in_2026) == example);
    CHECK(parse_http_date("Monday, 05-Jan-26 00:00:00 GMT", in_2026) == 1767571200);
    CHECK(parse_http_date("Monday, 05-Jan-76 00:00:00 GMT", in_2026).value() > in_2026);
    CHECK(parse_http_date("Monday, 05-Jan-77 00:00:00 GMT", in_2026).value() < in_2026);
}

TEST_CASE("what is no date is none") {
    for (const std::string_view text : {
             "",
             "soon",
             "Sun, 06 Nov 1994",
             "Sun, 06 Nov 1994 08:49:37",
             "Sun, 06 Nov 1994 08:49:37 CET",
             "Sun, 06 Nov 1994 08:49:37 GMT GMT",
             "Sun, 06 Nov 1994 24:00:00 GMT",
             "Sun, 06 Nov 1994 08:60:37 GMT",
             "Sun, 06 Nov 1994 08:49:61 GMT",
             "Sun, 06 Nov 1994 8:49:37 GMT",
             "Sun, 06 Nov 1994 08-49-37 GMT",
             "Sun, 31 Feb 1994 08:49:37 GMT",
             "Sun, 0 Nov 1994 08:49:37 GMT",
             "Sun, 006 Nov 1994 08:49:37 GMT",
             "Sun, 06 nov 1994 08:49:37 GMT",
             "Sun, 06 Nov 994 08:49:37 GMT",
             "Sun, 06 Nov 19940 08:49:37 GMT",
             "Sun Nov x6 08:49:37 1994",
             "Sun Nov 6 08:49:37 +994",
         }) {
        CAPTURE(text);
        CHECK(parse_http_date(text, example) == std::nullopt);
    }
}

TEST_CASE("Retry-After is seconds, or a date") {
    CHECK(parse_retry_after("0", example) == 0s);
    CHECK(parse_retry_after("120", example) == 120s);
    CHECK(parse_retry_after(" 7\t", example) == 7s);
    CHECK(parse_retry_after("Sun, 06 Nov 1994 08:51:37 GMT", example) == 120s);
    CHECK(parse_retry_after("Sunday, 06-Nov-94 08:51:37 GMT", example) == 120s);
}

TEST_CASE("a Retry-After that is past asks for no wait") {
    CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", example) == 0s);
    CHECK(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", example) == 0s);
    CHECK(parse_retry_after("Thu, 01 Jan 1970 00:00:00 GMT", example) == 0s);
}

TEST_CASE("more than an hour of Retry-After is an hour") {
    CHECK(parse_retry_after("3600", example) == 1h);
    CHECK(parse_retry_after("3601", example) == 1h);
    CHECK(parse_retry_after("99999999999999999999999999", example) == 1h);
    CHECK(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", example) == 1h);
}

TEST_CASE("a Retry-After that is neither says nothing") {
    for (const std::string_view text : {"", " ", "-1", "+1", "1.5", "1s", "0x10", "tomorrow", "1, 2"}) {
        CAPTURE(text);
        CHECK(parse_retry_after(text, example) == std::nullopt);
    }
}
