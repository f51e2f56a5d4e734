#pragma once

#include <rill/app/request.hpp>
#include <rill/sse/event.hpp>
#include <rill/topic/topic.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace hub {

/// What a client wants published; whether it may be is for the topic to say.
struct publication {
    std::optional<std::string> data;
    std::optional<std::string> name; ///< "event" to clients
    std::optional<std::string> id;
    std::optional<std::string> key;
    std::optional<std::chrono::milliseconds> retry;

    /// Views of what is here.
    [[nodiscard]] rill::event event() const noexcept;
    [[nodiscard]] rill::publish_options options() const noexcept;
};

/// Reads a request to publish. Its body is the data as it stands, or if it is `application/json`, an object
/// with the members `data`, `event`, `id`, `key` and `retry`, all of them optional. `?event=`, `?id=` and
/// `?key=` say the same for either; what the object says goes before them.
///
/// Throws `http_error` 400 if the body is broken JSON or has other members or values than those, or if the id
/// is none that a client could send back.
[[nodiscard]] publication read_publication(const rill::request& request, std::string body);

} // namespace hub
