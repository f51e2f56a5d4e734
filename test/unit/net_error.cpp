#include <rill/base/error.hpp>
#include <rill/net/error.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

TEST_CASE("each code of a server has words of its own") {
    std::set<std::string> words;
    for (int value = 1; value <= static_cast<int>(rill::net_errc::private_key_not_usable); ++value) {
        const std::error_code code{static_cast<rill::net_errc>(value)};
        CHECK(std::string{code.category().name()} == "rill.net");
        CHECK_FALSE(code.message().empty());
        CHECK(words.insert(code.message()).second);
    }
}
