#pragma once

#include <rill/http/url.hpp>

#include <string>
#include <string_view>

namespace llm {

/// Where the API of the server upstream is. What it is asked for goes behind the path and before the query:
///
///     https://llm.example/v1?api-version=1  →  https://llm.example/v1/models?api-version=1
class upstream_address {
public:
    /// `text` is a URL, with or without a slash at its end; one that goes on to `/chat/completions`, as
    /// people copy it, means the same. Throws `std::invalid_argument`, which does not quote it, if it is not
    /// one.
    explicit upstream_address(std::string_view text);

    [[nodiscard]] const rill::url& base() const noexcept { return base_; }

    /// The whole URL of `path`, which begins with a slash. It has what the base has before the `@`.
    [[nodiscard]] std::string of(std::string_view path) const;

private:
    rill::url base_;
    std::string path_;  ///< without a slash at its end
    std::string query_; ///< with its question mark, or empty
};

} // namespace llm
