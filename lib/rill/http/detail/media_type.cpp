#include <rill/base/text.hpp>
#include <rill/http/detail/media_type.hpp>

#include <algorithm>

namespace rill::detail {
namespace {

/// Takes what stands before the next `mark` off the front of `list`.
[[nodiscard]] std::string_view take_until(char mark, std::string_view& list) noexcept {
    const auto end = std::min(list.find(mark), list.size());
    const auto front = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    return trim(front);
}

/// Whether the parameters of an element say that it is not wanted: `q=0`, `q=0.000`.
[[nodiscard]] bool is_unwanted(std::string_view parameters) noexcept {
    while (!parameters.empty()) {
        const auto parameter = take_until(';', parameters);
        if (!equals_ignoring_case(parameter.substr(0, 2), "q=")) continue;
        const auto weight = parameter.substr(2);
        return weight.starts_with('0') && weight.find_first_not_of("0.") == weight.npos;
    }
    return false;
}

} // namespace

std::string_view media_type(std::string_view value) noexcept {
    return take_until(';', value);
}

bool is_event_stream_type(std::string_view content_type) noexcept {
    return equals_ignoring_case(media_type(content_type), event_stream_type);
}

bool accepts_event_stream(const fields& of_request) {
    for (auto list : of_request.all("Accept"))
        while (!list.empty()) {
            auto element = take_until(',', list);
            const auto type = take_until(';', element);
            if (equals_ignoring_case(type, event_stream_type)) return !is_unwanted(element);
        }
    return false;
}

} // namespace rill::detail
