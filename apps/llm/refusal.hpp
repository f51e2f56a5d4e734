#pragma once

#include <rill/app/middleware.hpp>
#include <rill/http/status.hpp>

#include <exception>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace llm {

/// What is answered with an error as OpenAI's API has them:
///
///     {"error":{"message":"...","type":"invalid_request_error","param":"n","code":null}}
class refusal : public std::exception {
public:
    /// `param` is the member of the request that is to blame, `code` a name for programs; either may be
    /// empty.
    refusal(rill::status status, std::string_view message, std::string_view param = {},
            std::string_view code = {});

    /// What a server elsewhere has answered, or sent in mid-stream: `body` itself if it is an error of this
    /// shape, else one with its words; with others if it is not an error in JSON that `failure_in` knows, has
    /// more than 64 KiB, or is nested too deeply.
    [[nodiscard]] static refusal from_upstream(rill::status status, std::string body);

    [[nodiscard]] rill::status status() const noexcept { return status_; }
    [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }
    /// The error, in JSON.
    [[nodiscard]] const std::string& body() const noexcept { return body_; }
    /// The member `error` of the body, which is an object here whatever it is there.
    [[nodiscard]] nlohmann::ordered_json error() const;
    [[nodiscard]] rill::response answer() const;

private:
    rill::status status_;
    std::string message_;
    std::string body_;
};

/// A middleware that has every refusal answered in that shape: those that handlers throw, as a `refusal` or
/// an `http_error`, and the router's 404 and 405. What else a handler throws becomes a 500, and a line on
/// standard error.
rill::task<rill::response> explain(rill::request& request, rill::next next);

} // namespace llm
