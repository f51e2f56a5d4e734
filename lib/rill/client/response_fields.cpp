#include <rill/base/text.hpp>
#include <rill/client/detail/response_fields.hpp>

#include <algorithm>
#include <cstdint>

namespace rill::detail {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

/// The first member of a comma-separated list for which `found` holds; empty if there is none.
template <typename Found>
std::string_view member_of(std::string_view list, Found found) {
    while (!list.empty()) {
        const auto end = std::min(list.find(','), list.size());
        const auto member = trim(list.substr(0, end));
        if (found(member)) return member;
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return {};
}

bool is_known_coding(std::string_view name) noexcept {
    for (const std::string_view each :
         {"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz"})
        if (equals_ignoring_case(name, each)) return true;
    return false;
}

/// The seconds of a `timeout=5`, at most a day.
std::optional<std::uint64_t> timeout_of(std::string_view member) noexcept {
    const auto equals = member.find('=');
    if (equals == member.npos || !equals_ignoring_case(trim(member.substr(0, equals)), "timeout"))
        return std::nullopt;
    auto value = trim(member.substr(equals + 1));
    if (value.size() > 1 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
    constexpr auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (value.empty() || !std::ranges::all_of(value, is_digit)) return std::nullopt;
    constexpr std::uint64_t day = 86'400;
    return std::min(parse<std::uint64_t>(value).value_or(day), day);
}

} // namespace

bool is_stream_status(method verb, status code) noexcept {
    if (verb != method::post) return code == status::ok;
    return code >= status::ok && code < status::multiple_choices && code != status::no_content &&
           code != status::reset_content;
}

std::string_view content_coding(const fields& response) {
    for (const auto list : response.all("Content-Encoding"))
        if (const auto found = member_of(list, is_known_coding); !found.empty()) return found;
    return {};
}

bool names_coding(std::string_view accept_encoding, std::string_view coding) noexcept {
    const auto names_it = [coding](std::string_view member) {
        const auto name = trim(member.substr(0, member.find(';')));
        return name == "*" || equals_ignoring_case(name, coding);
    };
    return !member_of(accept_encoding, names_it).empty();
}

std::optional<milliseconds> keep_alive_time(const fields& response) {
    std::optional<std::uint64_t> seconds;
    for (const auto list : response.all("Keep-Alive"))
        static_cast<void>(member_of(list, [&](std::string_view member) {
            if (!seconds) seconds = timeout_of(member);
            return seconds.has_value();
        }));
    if (!seconds) return std::nullopt;
    // The server counts from when it has sent the answer, and closes while a request is under way to it.
    const milliseconds whole = std::chrono::seconds{*seconds};
    return whole - std::min<milliseconds>(1s, whole / 2);
}

} // namespace rill::detail
