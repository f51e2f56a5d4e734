#include <rill/base/error.hpp>

#include <doctest/doctest.h>

#include <array>

TEST_CASE("a category has a text for each of its values and one for all others") {
    static constexpr std::array messages{"first", "second"};
    const rill::detail::errc_category category{"rill.test", messages};
    CHECK(std::string{category.name()} == "rill.test");
    CHECK(category.message(1) == "first");
    CHECK(category.message(2) == "second");
    CHECK(category.message(0) == "unknown error");
    CHECK(category.message(3) == "unknown error");
    CHECK(category.message(-1) == "unknown error");
}

TEST_CASE("an error carries its code and says where it happened") {
    const rill::error e{std::make_error_code(std::errc::address_in_use), "cannot listen on 127.0.0.1:80"};
    CHECK(e.code() == std::errc::address_in_use);
    CHECK(std::string{e.what()}.starts_with("cannot listen on 127.0.0.1:80"));
}
