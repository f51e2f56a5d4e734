#include <rill/base/text.hpp>
#include <rill/http/detail/dot_segments.hpp>

namespace rill::detail {
namespace {

/// How many dots a path segment consists of, escaped or not: 1 and 2 mean something, else 0.
int dots(std::string_view segment) noexcept {
    int count = 0;
    while (!segment.empty()) {
        if (segment.front() == '.') {
            segment.remove_prefix(1);
        } else if (segment.size() >= 3 && equals_ignoring_case(segment.substr(0, 3), "%2e")) {
            segment.remove_prefix(3);
        } else {
            return 0;
        }
        if (++count > 2) return 0;
    }
    return count;
}

/// Calls `f` with each segment of a path that begins with a slash, and whether it is the last one.
template <typename F>
void each_segment(std::string_view path, F f) {
    for (bool last = path.empty(); !last;) {
        const auto end = path.find('/', 1);
        last = end == path.npos;
        f(path.substr(1, last ? path.npos : end - 1), last);
        path.remove_prefix(last ? path.size() : end);
    }
}

} // namespace

bool has_dot_segments(std::string_view path) noexcept {
    bool found = false;
    each_segment(path, [&found](std::string_view segment, bool) { found = found || dots(segment) != 0; });
    return found;
}

void append_without_dots(std::string& to, std::string_view path) {
    const auto begin = to.size();
    each_segment(path, [&to, begin](std::string_view segment, bool last) {
        const auto count = dots(segment);
        if (count == 0) to.append(1, '/').append(segment);
        if (count == 2 && to.size() > begin) to.resize(to.rfind('/'));
        if (count != 0 && last) to += '/';
    });
    if (to.size() == begin) to += '/';
}

} // namespace rill::detail
