#include <rill/base/text.hpp>
#include <rill/sse/detail/refusal.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using rill::message;
using rill::detail::read_refusal;
using rill::detail::refusal_data;

TEST_CASE("the data of a refusal is an object of JSON, whatever the reason has in it") {
    CHECK(refusal_data(503, "the room is full") == R"({"status":503,"reason":"the room is full"})");
    CHECK(refusal_data(429, "") == R"({"status":429,"reason":""})");
    CHECK(refusal_data(503, R"(a "b" \c)") == R"({"status":503,"reason":"a \"b\" \\c"})");
    CHECK(refusal_data(503, "a\nb\r\t\x01\x1F") ==
          R"({"status":503,"reason":"a\u000ab\u000d\u0009\u0001\u001f"})");
    CHECK(refusal_data(503, std::string_view{"\0", 1}) == R"({"status":503,"reason":"\u0000"})");
    CHECK(refusal_data(503, "\xC3\xBC \xE2\x80\xA8") ==
          "{\"status\":503,\"reason\":\"\xC3\xBC \xE2\x80\xA8\"}");
}

TEST_CASE("a reason that is not UTF-8 is made UTF-8") {
    CHECK(refusal_data(503, "x\xFFx") == "{\"status\":503,\"reason\":\"x\xEF\xBF\xBDx\"}");
}

TEST_CASE("a refusal is read as it was written, with its escapes") {
    for (const std::string_view reason : {"the room is full", "", R"(a "b" \c)", "a\nb", R"("})"}) {
        CAPTURE(reason);
        const message m{"refused", refusal_data(503, reason)};
        const auto read = read_refusal(m);
        REQUIRE(read);
        CHECK(read->status == 503);
        CHECK(read->reason.find('\n') == read->reason.npos);
        if (reason.find_first_of("\"\\\n") == reason.npos) CHECK(read->reason == reason);
    }
}

TEST_CASE("what another server means by refused is not read as one of ours") {
    CHECK_FALSE(read_refusal(message{"message", refusal_data(503, "x")}));
    for (const std::string_view data :
         {"", "{}", "{\"status\":503}", R"({"status":503,"reason":"x")", R"({"status":503,"reason":x"})",
          R"({"status":200,"reason":"x"})", R"({"status":399,"reason":"x"})",
          R"({"status":600,"reason":"x"})", R"({"status":50,"reason":"x"})",
          R"({"status":5030,"reason":"x"})", R"({"status":-50,"reason":"x"})",
          R"({"status": 503,"reason":"x"})", R"({"reason":"x","status":503})", R"({"status":503,"reason":"})",
          "the door is closed"}) {
        CAPTURE(data);
        CHECK_FALSE(read_refusal(message{"refused", std::string{data}}));
    }
}
