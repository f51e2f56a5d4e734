#pragma once

#include <rill/base/export.hpp>
#include <rill/http/fields.hpp>
#include <rill/http/status.hpp>

#include <exception>
#include <string>
#include <string_view>

namespace rill {

/// What a handler throws to answer with an error: the status, and words for the client as a plain text body.
///
/// Thrown before the answer's head went out, it becomes that answer; any other exception becomes a 500 that
/// tells the client nothing, and a line in the log. Once a stream's head is out, either cuts the connection
/// and is logged.
///
/// Browsers and many other clients of event streams never come back after a status that is not 200. So 429
/// and 503, which are only for now, are told inside a stream to a GET or HEAD whose `Accept` names
/// `text/event-stream`, whether they are thrown or returned: 200, then one event, and the end:
///
///     event: refused
///     retry: 7294
///     data: {"status":503,"reason":"the room is full"}
///
/// It repeats the client's last id. Its `retry` is drawn between `Retry-After`, or 5 s, and twice as long.
///
/// **Example**
///
///     if (!known(user)) throw rill::http_error{rill::status::not_found, "there is no such user"};
///     if (busy()) throw rill::http_error{rill::status::service_unavailable}.with("Retry-After", "5");
class RILL_EXPORT http_error : public std::exception {
public:
    /// `code` is 4xx or 5xx. Without a `message` the body is the status' reason phrase.
    explicit http_error(status code, std::string_view message = {});

    /// Adds a header field to the answer. Throws `rill::error` with an `http_errc` as `response::set` does.
    http_error&& with(std::string_view name, std::string_view value) &&;

    [[nodiscard]] status code() const noexcept { return code_; }
    [[nodiscard]] const rill::fields& fields() const noexcept { return fields_; }
    [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

private:
    status code_;
    std::string message_;
    rill::fields fields_;
};

} // namespace rill
