#include <rill/base/error.hpp>
#include <rill/client/error.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

TEST_CASE("each value of client_errc has words of its own") {
    std::set<std::string> words;
    const auto last = static_cast<int>(rill::client_errc::interrupted);
    for (int value = 1; value <= last; ++value)
        words.insert(make_error_code(static_cast<rill::client_errc>(value)).message());
    CHECK(words.size() == static_cast<std::size_t>(last));
    CHECK(make_error_code(rill::client_errc::interrupted).message() == "interrupted");
}

TEST_CASE("an error of the client compares with its code") {
    const rill::error refused{rill::client_errc::truncated, "GET http://a/"};
    CHECK(refused.code() == rill::client_errc::truncated);
    CHECK(refused.code() != rill::client_errc::invalid_url);
    CHECK(std::string{refused.what()} == "GET http://a/: the connection ended before the response");
    CHECK(std::string{refused.code().category().name()} == "rill.client");
}
