#include <rill/sse/detail/own_events.hpp>
#include <rill/sse/encode.hpp>
#include <rill/topic/detail/words.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

namespace rill::detail {
namespace {

constexpr std::array<std::string_view, 7> reasons{
    "none", "unknown_epoch", "unknown_id", "malformed_id", "trimmed", "lagged", "superseded",
};

/// Whether the number of events is known that a reader misses for this reason.
bool is_counted(gap why) noexcept {
    return why == gap::trimmed || why == gap::lagged || why == gap::superseded;
}

} // namespace

void append_checkpoint(std::string& to, std::string_view id) {
    encode(to, {.id = id});
}

void append_gap(std::string& to, std::string_view id, gap why, std::uint64_t missed) {
    const auto reason = reasons[static_cast<std::size_t>(why)];
    const auto data = is_counted(why) ? fmt::format(R"({{"reason":"{}","missed":{}}})", reason, missed)
                                      : fmt::format(R"({{"reason":"{}"}})", reason);
    encode(to, {.id = id, .name = gap_name, .data = data});
}

event read_event(std::string_view encoded, std::string& scratch) {
    event e;
    scratch.clear();
    bool several_lines = false;
    for (;;) {
        const auto end = encoded.find('\n');
        const auto line = encoded.substr(0, end);
        encoded.remove_prefix(end + 1);
        if (line.empty()) break;
        const auto colon = line.find(':');
        const auto name = line.substr(0, colon);
        const auto value = line.substr(std::min(colon + 2, line.size())); // an empty comment has no space
        if (name == "data") {
            if (e.data.data()) {
                if (!several_lines) scratch = e.data;
                several_lines = true;
                scratch.append(1, '\n').append(value);
            } else {
                e.data = value;
            }
        } else if (name == "id") {
            e.id = value;
        } else if (name == "event") {
            e.name = value;
        } else if (name == "retry") {
            std::int64_t milliseconds = 0;
            std::from_chars(value.data(), value.data() + value.size(), milliseconds);
            e.retry = std::chrono::milliseconds{milliseconds};
        } else {
            e.comment = value;
        }
    }
    if (several_lines) e.data = scratch;
    if (e.name == checkpoint_name) e.name = e.data = {}; // no publisher may use that name
    return e;
}

} // namespace rill::detail
