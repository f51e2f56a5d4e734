#include <rill/sse/message.hpp>

#include <doctest/doctest.h>

TEST_CASE("a message is of type message unless it is told otherwise") {
    CHECK(rill::message{}.type == "message");
    CHECK(rill::message{}.data.empty());
    CHECK(rill::message{}.last_event_id.empty());
}

TEST_CASE("messages are equal when all their parts are") {
    const rill::message m{"user", "Ada", "7"};
    CHECK(m == rill::message{"user", "Ada", "7"});
    CHECK_FALSE(m == rill::message{"message", "Ada", "7"});
    CHECK_FALSE(m == rill::message{"user", "Bob", "7"});
    CHECK_FALSE(m == rill::message{"user", "Ada"});
}
