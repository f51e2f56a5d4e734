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

TEST_CASE("a model may be left out where there is one by default") {
    constexpr std::string_view text = R"({"messages": [{"role": "user", "content": "hi"}]})";
    CHECK(llm::read_chat_request(text, "d").model == "d");
    CHECK(llm::read_chat_request(text, "").model.empty());
    CHECK(llm::read_chat_request(least, "d").model == "m");
    CHECK_THROWS_AS((void)llm::read_chat_request(text), llm::refusal);
}

TEST_CASE("what goes upstream is read there as it was read here") {
    const auto wanted = llm::read_chat_request(
        with(R"("temperature": 0.5, "top_p": 0.25, "seed": -3, "max_completion_tokens": 7, "stop": "x")"));
    const auto again = llm::read_chat_request(wanted.to_json());
    CHECK(again.stream);
    CHECK(again.include_usage);
    CHECK(again.model == wanted.model);
    CHECK(again.messages.at(0).content == "hi");
    CHECK(again.temperature == wanted.temperature);
    CHECK(again.top_p == wanted.top_p);
    CHECK(again.seed == wanted.seed);
    CHECK(again.max_tokens == wanted.max_tokens);
    CHECK(again.stop == wanted.stop);
    llm::chat_request open;
    open.messages.emplace_back("user", "hi");
    CHECK_FALSE(nlohmann::json::parse(open.to_json()).contains("model"));
    CHECK_FALSE(nlohmann::json::parse(open.to_json()).contains("seed"));
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
    for (const std::string_view odd :
         {R"({"error": "no"})", R"({"error": {}})", R"({"error": {"message": 1}})"})
        CHECK(llm::refusal::from_upstream(rill::status::conflict, std::string{odd}).body() == odd);
}
