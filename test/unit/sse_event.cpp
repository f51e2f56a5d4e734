#include <rill/sse/event.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace std::literals;

TEST_CASE("an event in empty braces has no member set") {
    const rill::event e{};
    CHECK(e.id.data() == nullptr);
    CHECK(e.name.data() == nullptr);
    CHECK(e.data.data() == nullptr);
    CHECK(e.comment.data() == nullptr);
    CHECK_FALSE(e.retry);
}

TEST_CASE("an empty text is not the same as none") {
    const std::string empty;
    CHECK(rill::event{.data = ""}.data.data() != nullptr);
    CHECK(rill::event{.data = empty}.data.data() != nullptr);
}

TEST_CASE("the members take literals, strings and views without a copy") {
    const auto text = "a text"s;
    const rill::event e{.id = "7", .name = "user"sv, .data = text, .comment = {}, .retry = 2s};
    CHECK(e.data.data() == text.data());
    CHECK(e.id == "7");
    CHECK(e.name == "user");
    CHECK(e.retry == 2000ms);
}
