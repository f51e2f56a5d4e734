#include <rill/app/detail/route.hpp>
#include <rill/http/target.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace rill::detail {
namespace {

pattern::segment read_segment(std::string_view text) {
    if (!text.starts_with('{')) {
        if (text.find_first_of("?#") != text.npos)
            throw std::invalid_argument{"a query or a fragment is no part of a path"};
        if (text.find_first_of("{}") != text.npos)
            throw std::invalid_argument{"a parameter is a whole segment, as in /users/{id}"};
        auto literal = percent_decode(text);
        if (!literal) throw std::invalid_argument{"it has a malformed percent escape"};
        if (*literal == "." || *literal == "..")
            throw std::invalid_argument{"no request's path has the segments '.' and '..'"};
        return {pattern::kind::literal, *std::move(literal)};
    }
    if (!text.ends_with('}'))
        throw std::invalid_argument{"a parameter is a whole segment, as in /users/{id}"};
    auto name = text.substr(1, text.size() - 2);
    const bool rest = name.ends_with("...");
    if (rest) name.remove_suffix(3);
    if (name.empty() || name.find_first_of("{}./ ") != name.npos)
        throw std::invalid_argument{fmt::format("'{}' is no parameter's name", name)};
    return {rest ? pattern::kind::rest : pattern::kind::param, std::string{name}};
}

std::vector<pattern::segment> read_segments(std::string_view text) {
    if (!text.starts_with('/')) throw std::invalid_argument{"it does not begin with a slash"};
    std::vector<pattern::segment> segments;
    for (auto left = text; !left.empty();) {
        left.remove_prefix(1);
        const auto size = std::min(left.find('/'), left.size());
        auto segment = read_segment(left.substr(0, size));
        left.remove_prefix(size);
        if (segment.kind == pattern::kind::rest && !left.empty())
            throw std::invalid_argument{"something follows the parameter that takes the rest"};
        for (const auto& other : segments)
            if (segment.kind != pattern::kind::literal && other.kind != pattern::kind::literal &&
                segment.text == other.text)
                throw std::invalid_argument{fmt::format("it has two parameters '{}'", segment.text)};
        segments.push_back(std::move(segment));
    }
    return segments;
}

} // namespace

pattern::pattern(std::string_view text) : text_{text} {
    try {
        segments_ = read_segments(text);
    } catch (const std::invalid_argument& cause) {
        throw std::invalid_argument{fmt::format("the pattern '{}': {}", text, cause.what())};
    }
}

std::optional<std::size_t> pattern::index_of(std::string_view name) const noexcept {
    std::size_t index = 0;
    for (const auto& segment : segments_) {
        if (segment.kind == kind::literal) continue;
        if (segment.text == name) return index;
        ++index;
    }
    return std::nullopt;
}

} // namespace rill::detail
