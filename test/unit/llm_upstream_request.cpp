#include "llm/json.hpp"
#include "llm/refusal.hpp"
#include "llm/upstream_address.hpp"
#include "llm/upstream_request.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace {

std::string deep_body() {
    return R"({"messages":)" + std::string(llm::deepest, '[') + std::string(llm::deepest, ']') + '}';
}

} // namespace

TEST_CASE("a request is relayed byte for byte") {
    for (const std::string_view body :
         {R"( {"a" : 2.50, "b":123456789012345678901234567890, "stream":false} )", "{}", "[1]", "{broken", "",
          R"({"a":1e999})"}) {
        CAPTURE(body);
        const auto sent = llm::relayed(std::string{body}, "");
        CHECK(sent.body == body);
        CHECK_FALSE(sent.streams);
    }
    CHECK(llm::relayed(R"({"stream":true})", "").streams);
    CHECK_FALSE(llm::relayed(R"({"stream":"true"})", "").streams);
}

TEST_CASE("the model is put in where none is named, and nothing else changes") {
    CHECK(llm::relayed(R"( {"a" : 2.50})", "m").body == R"( {"model":"m","a" : 2.50})");
    CHECK(llm::relayed("{}", R"(a"b)").body == R"({"model":"a\"b"})");
    CHECK(llm::relayed(R"({"model":"x"})", "m").body == R"({"model":"x"})");
    CHECK(llm::relayed(R"({"messages":[{"model":"x"}]})", "m").body ==
          R"({"model":"m","messages":[{"model":"x"}]})");
    CHECK(llm::relayed("{broken", "m").body == "{broken");
}

TEST_CASE("a request for a stream keeps all members but that one") {
    const auto sent = llm::streamed(
        R"({"stream": false, "max_completion_tokens": 50, "max_tokens": -1, "n": 2, "unknown": [null, 1.5],
            "messages": [{"role": "assistant", "content": null, "tool_calls": [{"id": "c1"}]},
                         {"role": "tool", "tool_call_id": "c1", "name": "f", "content": "x"}]})",
        "m");
    CHECK(sent.streams);
    const auto read = llm::read_json(sent.body);
    auto wanted = llm::read_json(
        R"({"stream": true, "model": "m", "max_completion_tokens": 50, "max_tokens": -1, "n": 2, "unknown": [null, 1.5],
            "messages": [{"role": "assistant", "content": null, "tool_calls": [{"id": "c1"}]},
                         {"role": "tool", "tool_call_id": "c1", "name": "f", "content": "x"}]})");
    CHECK(read == wanted);
    CHECK(llm::streamed(R"({"model": "x"})", "m").body == R"({"model":"x","stream":true})");
    CHECK(llm::streamed(R"({"model": null})", "m").body == R"({"model":"m","stream":true})");
    CHECK(llm::streamed("{}", "").body == R"({"stream":true})");
}

TEST_CASE("one level too many is refused before it goes upstream") {
    CHECK_THROWS_AS((void)llm::relayed(deep_body(), "m"), llm::refusal);
    CHECK_THROWS_AS((void)llm::relayed(deep_body(), ""), llm::refusal);
    CHECK_THROWS_AS((void)llm::streamed(deep_body(), "m"), llm::refusal);
    for (const std::string_view body : {"[]", "{", "null"})
        CHECK_THROWS_AS((void)llm::streamed(body, ""), llm::refusal);
}

TEST_CASE("the path goes before the query of the base") {
    const auto url = [](std::string_view base) { return llm::upstream_address{base}.of("/models"); };
    CHECK(url("https://llm.example/v1") == "https://llm.example/v1/models");
    CHECK(url("https://llm.example/v1//") == "https://llm.example/v1/models");
    CHECK(url("https://llm.example/v1?api-version=1") == "https://llm.example/v1/models?api-version=1");
    CHECK(url("https://llm.example/v1/?a=b/#c") == "https://llm.example/v1/models?a=b/");
    CHECK(url("http://llm.example:81?a=b") == "http://llm.example:81/models?a=b");
    CHECK(url("http://llm.example?") == "http://llm.example/models");
    CHECK(url("https://a:b@llm.example/v1") == "https://a:b@llm.example/v1/models");
    CHECK(url("https://llm.example//v1") == "https://llm.example//v1/models");
    CHECK(url("https://llm.example/v1/chat/completions/?a=b") == "https://llm.example/v1/models?a=b");
    CHECK(url("https://llm.example/chat/completions") == "https://llm.example/models");
}

TEST_CASE("what is not a URL is refused without being quoted") {
    for (const std::string_view text :
         {"", "nonsense", "ftp://a:SECRET@host", "http://host:99999/?key=SECRET"}) {
        CAPTURE(text);
        try {
            const llm::upstream_address address{text};
            FAIL("it was taken");
        } catch (const std::invalid_argument& why) {
            CHECK(std::string_view{why.what()}.find("SECRET") == std::string_view::npos);
        }
    }
}
