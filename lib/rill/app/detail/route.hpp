#pragma once

#include <rill/app/handler.hpp>
#include <rill/app/route_options.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rill::detail {

/// A route's path, taken apart at its slashes.
class pattern {
public:
    enum class kind { literal, param, rest };
    struct segment {
        pattern::kind kind;
        std::string text; ///< the literal, percent-decoded, or the parameter's name
    };

    /// Throws `std::invalid_argument` with the cause if `text` is no pattern.
    explicit pattern(std::string_view text);

    [[nodiscard]] const std::vector<segment>& segments() const noexcept { return segments_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// Which of the parameters has that name.
    [[nodiscard]] std::optional<std::size_t> index_of(std::string_view name) const noexcept;

private:
    std::string text_;
    std::vector<segment> segments_;
};

/// A route as the router keeps it. Unchanged once serving began: all threads read it.
struct route {
    pattern path;
    std::unique_ptr<const endpoint> handler;
    route_options options;        ///< its `comment` is empty: see below
    std::string keep_alive_frame; ///< the comment, encoded
};

} // namespace rill::detail
