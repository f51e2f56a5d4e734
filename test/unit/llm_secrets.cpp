#include <rill/http/fields.hpp>

#include "llm/passed_fields.hpp"
#include "llm/secrets.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace {

llm::secrets of(std::string_view key, std::string_view url) {
    return {key, rill::url::parse(url).value()};
}

} // namespace

TEST_CASE("the key is hidden wherever it stands") {
    const auto hide = of("sk-0123456789", "https://llm.example/v1");
    CHECK(hide.hidden("sk-0123456789, sk-0123456789") == "***, ***");
    CHECK(hide.hidden("sk-012345678") == "sk-012345678");
    CHECK(hide.hidden_in_event(R"({"choices":[{"delta":{"content":"sk-0123456789"}}]})") ==
          R"({"choices":[{"delta":{"content":"***"}}]})");
    CHECK(of("", "https://llm.example/v1").hidden("all of it") == "all of it");
}

TEST_CASE("so are secrets in the URL, as they stand there and as they are meant") {
    const auto hide =
        of("", "https://ann:p%40ss@llm.example/v1?api-version=1&Api-Key=ab%2Fc&x=12345678901234567890&sig=q");
    CHECK(hide.hidden("https://llm.example/v1?api-version=1&Api-Key=ab%2Fc") ==
          "https://llm.example/v1?api-version=1&Api-Key=***");
    CHECK(hide.hidden("ab/c") == "***");
    CHECK(hide.hidden("ann:p%40ss") == "***");
    CHECK(hide.hidden("the password p@ss") == "the password ***");
    CHECK(hide.hidden("Basic YW5uOnBAc3M=") == "Basic ***");
    CHECK(hide.hidden("12345678901234567890") == "***");
    CHECK(hide.hidden("q") == "***");
    CHECK(hide.hidden("version 1") == "version 1");
    CHECK(of("", "https://token@llm.example/").hidden("token") == "***");
}

TEST_CASE("what stands before the @ is known in base64 of every length") {
    for (const auto& [userinfo, sent] :
         {std::pair{"a:b", "YTpi"}, {"a:bc", "YTpiYw=="}, {"a:bcd", "YTpiY2Q="}}) {
        CAPTURE(userinfo);
        CHECK(of("", std::string{"https://"} + userinfo + "@llm.example/").hidden(sent) == "***");
    }
}

TEST_CASE("a short key is hidden in errors, and stays in an answer, where it may be a word") {
    const auto hide = of("ollama", "http://llm.example/v1");
    constexpr std::string_view piece = R"({"choices":[{"delta":{"content":"ollama run"}}],"error": null})";
    CHECK(hide.hidden_in_event(std::string{piece}) == piece);
    CHECK(hide.hidden_in_event(R"({"error":{"message":"wrong key ollama"},"choices":[{"delta":{}}]})") ==
          R"({"error":{"message":"wrong key ***"},"choices":[{"delta":{}}]})");
    CHECK(hide.hidden_in_event("wrong key ollama") == "wrong key ***");
}

TEST_CASE("ids, rates and times of upstream are passed on, without secrets, and nothing else is") {
    rill::fields from;
    for (const std::string_view name :
         {"X-Request-Id", "openai-processing-ms", "X-RateLimit-Remaining-Tokens", "ratelimit-policy",
          "Retry-After", "retry-after-ms", "WWW-Authenticate"})
        from.add(name, "sk-0123456789");
    for (const std::string_view name : {"Set-Cookie", "Server", "Connection", "Content-Length",
                                        "openai-organization", "Date", "X-Powered-By"})
        from.add(name, "x");
    rill::fields to;
    llm::pass_fields(from, to, of("sk-0123456789", "https://llm.example/v1"));
    CHECK(to.size() == 7);
    for (const auto& [name, value] : to) CHECK(value == "***");
    CHECK(to.contains("x-request-id"));
}
