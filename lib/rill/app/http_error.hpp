#pragma once

#include <rill/base/export.hpp>
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
/// **Example**
///
///     if (!known(user)) throw rill::http_error{rill::status::not_found, "there is no such user"};
class RILL_EXPORT http_error : public std::exception {
public:
    /// `code` is 4xx or 5xx. Without a `message` the body is the status' reason phrase.
    explicit http_error(status code, std::string_view message = {});

    [[nodiscard]] status code() const noexcept { return code_; }
    [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

private:
    status code_;
    std::string message_;
};

} // namespace rill
