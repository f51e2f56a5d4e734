#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace llm {

/// The body of a request to the server upstream.
struct upstream_request {
    upstream_request(std::string body_, bool streams_) : body{std::move(body_)}, streams{streams_} {}
    std::string body;
    bool streams; ///< whether it asks for an event stream
};

/// What a client wants passed on: byte for byte, but with the name of `model` put in if it names none. What
/// is not JSON is passed on too, so that the server upstream says what it thinks of it. Throws a `refusal`
/// 400 if it is nested too deeply.
[[nodiscard]] upstream_request relayed(std::string body, std::string_view model);

/// The same as a request for an event stream, whatever it says of that itself; all other members stay as they
/// are. Throws a `refusal` 400 if `body` is not an object in JSON, or is nested too deeply.
[[nodiscard]] upstream_request streamed(std::string_view body, std::string_view model);

} // namespace llm
