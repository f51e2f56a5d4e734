#include "llm/chat_request.hpp"
#include "llm/refusal.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

// What is refused, and with which words, is tested from outside: test/clients/llm.mjs.

namespace {

constexpr std::string_view least = R"({"model": "m", "messages": [{"role": "user", "content": "hi"}]})";

std::string with(std::string_view member) {
    std::string text{least};
    return text.insert(1, std::string{member} + ", ");
}

} // namespace

TEST_CASE("what is not said is left open") {
    const auto wanted = llm::read_chat_request(least);
    CHECK(wanted.model == "m");
    REQUIRE(wanted.messages.size() == 1);
    CHECK(wanted.messages[0].role == "user");
    CHECK(wanted.messages[0].content == "hi");
    CHECK_FALSE(wanted.temperature);
    CHECK_FALSE(wanted.top_p);
    CHECK_FALSE(wanted.seed);
    CHECK_FALSE(wanted.max_tokens);
    CHECK(wanted.stop.empty());
    CHECK_FALSE(wanted.stream);
    CHECK_FALSE(wanted.include_usage);
}

TEST_CASE("all that is said is read") {
    const auto wanted = llm::read_chat_request(with(
        R"("temperature": 0.5, "top_p": 1, "seed": -9223372036854775808, "max_tokens": 7, "stop": ["a", "b"],
                "stream": true, "stream_options": {"include_usage": true})"));
    CHECK(wanted.temperature == 0.5);
    CHECK(wanted.top_p == 1);
    CHECK(wanted.seed == std::numeric_limits<std::int64_t>::min());
    CHECK(wanted.max_tokens == 7);
    CHECK(wanted.stop == std::vector<std::string>{"a", "b"});
    CHECK(wanted.stream);
    CHECK(wanted.include_usage);
    CHECK(llm::read_chat_request(with(R"("seed": 9223372036854775807)")).seed ==
          std::numeric_limits<std::int64_t>::max());
    CHECK(llm::read_chat_request(with(R"("stop": "x")")).stop == std::vector<std::string>{"x"});
}

TEST_CASE("parts of content are joined") {
    const auto wanted = llm::read_chat_request(
        R"({"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "a "}, {"type": "text", "text": "b"}]}]})");
    CHECK(wanted.messages.at(0).content == "a b");
}

TEST_CASE("the prompt is what the user said last") {
    llm::chat_request wanted;
    CHECK(wanted.prompt().empty());
    wanted.messages = {{"user", "a"}, {"user", "b"}, {"assistant", "c"}, {"system", "d"}};
    CHECK(wanted.prompt() == "b");
    wanted.messages = {{"assistant", "c"}};
    CHECK(wanted.prompt().empty());
}

TEST_CASE("a model must be named") {
    constexpr std::string_view text = R"({"messages": [{"role": "user", "content": "hi"}]})";
    CHECK_THROWS_AS((void)llm::read_chat_request(text), llm::refusal);
}

TEST_CASE("a whole number may be written with a point") {
    CHECK(llm::read_chat_request(with(R"("max_tokens": 50.0)")).max_tokens == 50);
    CHECK(llm::read_chat_request(with(R"("seed": -3.0)")).seed == -3);
    for (const auto* odd :
         {R"("max_tokens": 50.5)", R"("max_tokens": 0.0)", R"("max_tokens": -1.0)", R"("seed": 1e300)"}) {
        CAPTURE(odd);
        CHECK_THROWS_AS((void)llm::read_chat_request(with(odd)), llm::refusal);
    }
}

TEST_CASE("a refusal says which member is to blame") {
    try {
        (void)llm::read_chat_request(with(R"("temperature": 3)"));
        FAIL("it was taken");
    } catch (const llm::refusal& why) {
        CHECK(why.status() == rill::status::bad_request);
        const auto error = nlohmann::json::parse(why.body()).at("error");
        CHECK(error.at("param") == "temperature");
        CHECK(error.at("type") == "invalid_request_error");
        CHECK(error.at("code").is_null());
        CHECK(error.at("message") == why.what());
    }
}

TEST_CASE("what upstream said is kept, and other than errors in JSON is told of") {
    constexpr std::string_view said = R"({"error": {"message": "no", "more": 1}})";
    const auto kept = llm::refusal::from_upstream(rill::status::conflict, std::string{said});
    CHECK(kept.body() == said);
    CHECK(kept.what() == std::string_view{"no"});
    for (const std::string_view other : {"", "<html>", "[]", "{}", "null"}) {
        CAPTURE(other);
        const auto made = llm::refusal::from_upstream(rill::status::bad_gateway, std::string{other});
        CHECK(std::string_view{made.what()}.find("answered 502") != std::string_view::npos);
        CHECK(nlohmann::json::parse(made.body()).at("error").at("type") == "server_error");
    }
    const auto deep = R"({"error": )" + std::string(64, '[') + std::string(64, ']') + '}';
    CHECK(std::string_view{llm::refusal::from_upstream(rill::status::conflict, deep).what()}.find(
              "answered 409") != std::string_view::npos);
    const auto long_error = R"({"error": {"message": ")" + std::string(70'000, 'x') + R"("}})";
    CHECK(llm::refusal::from_upstream(rill::status::conflict, long_error).body().size() < 1'000);
    CHECK(llm::refusal::from_upstream(rill::status::conflict, R"({"detail": "no"})").what() ==
          std::string_view{"no"});
    for (const std::string_view odd :
         {R"({"error": "no"})", R"({"error": {}})", R"({"error": {"message": 1}})"})
        CHECK(llm::refusal::from_upstream(rill::status::conflict, std::string{odd}).body() == odd);
    const auto plain =
        llm::refusal::from_upstream(rill::status::conflict, R"({"status": "bad", "error": "no"})");
    CHECK(plain.error().at("message") == "no");
    CHECK(plain.error().at("type") == "invalid_request_error");
    CHECK(kept.error().at("more") == 1);
}
