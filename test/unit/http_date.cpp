#include <rill/http/date.hpp>

#include <doctest/doctest.h>

TEST_CASE("dates are those of the calendar, on every day of the week and in leap years") {
    rill::date_cache cache;
    CHECK(cache.at(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(cache.at(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
    CHECK(cache.at(-1) == "Wed, 31 Dec 1969 23:59:59 GMT");
    CHECK(cache.at(951'782'400) == "Tue, 29 Feb 2000 00:00:00 GMT");
    CHECK(cache.at(1'709'251'199) == "Thu, 29 Feb 2024 23:59:59 GMT");
    CHECK(cache.at(1'709'251'200) == "Fri, 01 Mar 2024 00:00:00 GMT");
    CHECK(cache.at(2'147'483'648) == "Tue, 19 Jan 2038 03:14:08 GMT");
    CHECK(cache.at(253'402'300'799) == "Fri, 31 Dec 9999 23:59:59 GMT");
    CHECK(cache.at(1'720'267'200) == "Sat, 06 Jul 2024 12:00:00 GMT");
    CHECK(cache.at(1'720'440'000) == "Mon, 08 Jul 2024 12:00:00 GMT");
}

TEST_CASE("the same second has the same text, the next one another") {
    rill::date_cache cache;
    const auto first = cache.at(784'111'777);
    CHECK(cache.at(784'111'777).data() == first.data());
    CHECK(cache.at(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(cache.at(784'111'778) == "Sun, 06 Nov 1994 08:49:38 GMT");
    CHECK(cache.at(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
}
