#include <rill/http/date.hpp>

#include <chrono>
#include <cstddef>

namespace rill {

std::string_view date_cache::at(std::time_t now) noexcept {
    if (now == second_ && text_[0] != '\0') return {text_.data(), text_.size()};
    constexpr std::string_view days{"SunMonTueWedThuFriSat"};
    constexpr std::string_view months{"JanFebMarAprMayJunJulAugSepOctNovDec"};
    using namespace std::chrono;
    const sys_seconds time{seconds{now}};
    const auto day = floor<std::chrono::days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};

    char* p = text_.data();
    const auto put = [&p](std::string_view text) { p += text.copy(p, text.size()); };
    const auto put_two = [&p](auto number) {
        *p++ = static_cast<char>('0' + number / 10 % 10);
        *p++ = static_cast<char>('0' + number % 10);
    };
    put(days.substr(weekday{day}.c_encoding() * std::size_t{3}, 3));
    put(", ");
    put_two(static_cast<unsigned>(date.day()));
    put(" ");
    put(months.substr((static_cast<unsigned>(date.month()) - 1) * std::size_t{3}, 3));
    put(" ");
    put_two(static_cast<int>(date.year()) / 100);
    put_two(static_cast<int>(date.year()) % 100);
    put(" ");
    put_two(clock.hours().count());
    put(":");
    put_two(clock.minutes().count());
    put(":");
    put_two(clock.seconds().count());
    put(" GMT");
    second_ = now;
    return {text_.data(), text_.size()};
}

} // namespace rill
