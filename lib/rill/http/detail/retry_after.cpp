#include <rill/base/text.hpp>
#include <rill/http/detail/retry_after.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace rill::detail {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds longest = 1h;

/// The words of a date; they have spaces, commas or, in the second form, hyphens between them.
///
///     Sun, 06 Nov 1994 08:49:37 GMT
///     Sunday, 06-Nov-94 08:49:37 GMT
///     Sun Nov  6 08:49:37 1994
struct date_words {
    explicit date_words(std::string_view text) {
        while (count <= each.size()) {
            const auto begin = std::min(text.find_first_not_of(" ,-"), text.size());
            text.remove_prefix(begin);
            if (text.empty()) return;
            const auto end = std::min(text.find_first_of(" ,-"), text.size());
            if (count < each.size()) each[count] = text.substr(0, end);
            ++count;
            text.remove_prefix(end);
        }
    }

    std::array<std::string_view, 6> each;
    std::size_t count = 0;
};

[[nodiscard]] std::optional<unsigned> parse_digits(std::string_view text, std::size_t most) {
    return text.size() <= most ? parse<unsigned>(text) : std::nullopt;
}

[[nodiscard]] std::optional<std::chrono::month> parse_month(std::string_view name) {
    static constexpr std::array<std::string_view, 12> names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto* const found = std::ranges::find(names, name);
    if (found == names.end()) return std::nullopt;
    return std::chrono::month{static_cast<unsigned>(found - names.begin()) + 1};
}

/// `hh:mm:ss`; a leap second is taken as the one before.
[[nodiscard]] std::optional<std::chrono::seconds> parse_time_of_day(std::string_view text) {
    if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
    const auto hours = parse_digits(text.substr(0, 2), 2);
    const auto minutes = parse_digits(text.substr(3, 2), 2);
    const auto seconds = parse_digits(text.substr(6, 2), 2);
    if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;
    return std::chrono::hours{*hours} + std::chrono::minutes{*minutes} +
           std::chrono::seconds{std::min(*seconds, 59U)};
}

[[nodiscard]] std::optional<std::chrono::year> parse_year(std::string_view text, std::time_t now) {
    const auto number = parse_digits(text, 4);
    if (!number || (text.size() != 2 && text.size() != 4)) return std::nullopt;
    if (text.size() == 4) return std::chrono::year{static_cast<int>(*number)};
    // A date that seems more than 50 years ahead is the last one with these digits.
    const std::chrono::sys_seconds moment{std::chrono::seconds{now}};
    const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(moment)};
    const auto this_year = static_cast<int>(today.year());
    auto year = this_year - this_year % 100 + static_cast<int>(*number);
    if (year > this_year + 50) year -= 100;
    return std::chrono::year{year};
}

} // namespace

std::optional<std::time_t> parse_http_date(std::string_view text, std::time_t now) {
    const date_words words{text};
    const auto& word = words.each;
    std::optional<std::chrono::month> month;
    std::optional<unsigned> day;
    std::optional<std::chrono::year> year;
    std::optional<std::chrono::seconds> time;
    if (words.count == 6 && word[5] == "GMT") {
        day = parse_digits(word[1], 2);
        month = parse_month(word[2]);
        year = parse_year(word[3], now);
        time = parse_time_of_day(word[4]);
    } else if (words.count == 5) {
        month = parse_month(word[1]);
        day = parse_digits(word[2], 2);
        time = parse_time_of_day(word[3]);
        year = parse_year(word[4], now);
    }
    if (!month || !day || !year || !time) return std::nullopt;
    const std::chrono::year_month_day date{*year, *month, std::chrono::day{*day}};
    if (!date.ok()) return std::nullopt;
    return (std::chrono::sys_days{date} + *time).time_since_epoch().count();
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, std::time_t now) {
    value = trim(value);
    if (value.empty()) return std::nullopt;
    if (value.find_first_not_of("0123456789") == value.npos) {
        const auto seconds = parse<std::chrono::seconds::rep>(value);
        return seconds ? std::min(std::chrono::seconds{*seconds}, longest) : longest;
    }
    const auto date = parse_http_date(value, now);
    if (!date) return std::nullopt;
    return std::clamp(std::chrono::seconds{*date - now}, 0s, longest);
}

} // namespace rill::detail
