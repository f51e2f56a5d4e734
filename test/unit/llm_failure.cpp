#include "llm/failure.hpp"
#include "llm/json.hpp"

#include <doctest/doctest.h>

#include <string_view>
#include <utility>

TEST_CASE("errors are known in all forms that servers send, with their words") {
    constexpr std::pair<std::string_view, std::string_view> forms[]{
        {R"({"error": {"message": "too long", "code": 504}})", "too long"},
        {R"({"error": {"code": 504}})", "the server upstream reports an error"},
        {R"({"error": {"code": 504}, "message": "beside"})", "beside"},
        {R"({"error": "too long"})", "too long"},
        {R"({"error": true})", "the server upstream reports an error"},
        {R"({"error": {"message": "cut off"}, "choices": [{"delta": {"content": ""}, "finish_reason": "error"}]})",
         "cut off"},
        {R"([{"error": {"message": "no such model", "status": "NOT_FOUND"}}])", "no such model"},
        {R"({"object": "error", "message": "boom", "code": 500})", "boom"},
        {R"({"type": "error", "message": "boom"})", "boom"},
        {R"({"choices": null, "error_message": "too long"})", "too long"},
        {R"({"choices": null})", "the server upstream reports an error"},
        {R"({"choices": null, "usage": null})", "the server upstream reports an error"},
        {R"({"detail": "Not Found"})", "Not Found"},
        {R"({"code": "InvalidParameter", "message": "boom"})", "boom"},
        {R"({"error_code": 17, "error_msg": "quota"})", "quota"},
        {R"({"choices": [{"error": {"message": "boom"}, "delta": {}}]})", "boom"},
        {R"({"choices": [{"delta": {"content": ""}, "finish_reason": "error"}]})",
         "the server upstream reports an error"},
    };
    for (const auto& [text, words] : forms) {
        CAPTURE(text);
        CHECK(llm::failure_in(llm::read_json(text)) == words);
    }
}

TEST_CASE("what only looks like an error is not one") {
    for (const std::string_view text :
         {R"({"error": null, "choices": [{"delta": {"content": "a"}}]})",
          R"({"error": {}, "choices": []})",
          R"({"error": "", "choices": []})",
          R"({"error": false, "choices": []})",
          R"({"error": [], "choices": []})",
          R"({"choices": [], "message": "a note"})",
          R"({"choices": null, "usage": {"prompt_tokens": 1}})",
          R"({"usage": {"prompt_tokens": 1}})",
          "{}",
          "[]",
          "[1]",
          "[{}, {}]",
          "7",
          "null",
          R"("error")",
          R"({"type": "ping"})",
          R"({"object": "chat.completion.chunk", "choices": [{"finish_reason": "stop"}]})",
          R"({"choices": [1]})",
          R"({"choices": {}})",
          R"({"message": {"role": "assistant"}})"}) {
        CAPTURE(text);
        CHECK_FALSE(llm::failure_in(llm::read_json(text)));
    }
}
