#include <rill/base/error.hpp>
#include <rill/base/text.hpp>
#include <rill/sse/detail/layout.hpp>
#include <rill/sse/detail/own_events.hpp>
#include <rill/sse/detail/scan.hpp>
#include <rill/sse/error.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace rill {
namespace {

using namespace std::string_view_literals;

constexpr auto comment_start = ": "sv;
constexpr auto name_start = "event: "sv;
constexpr auto retry_start = "retry: "sv;
constexpr auto data_start = "data: "sv; // without the space, one at the front of the data would be lost

[[nodiscard]] bool is_set(std::string_view text) noexcept {
    return text.data() != nullptr;
}

[[nodiscard]] constexpr std::size_t line_size(std::string_view start, std::size_t value) noexcept {
    return start.size() + value + 1;
}

/// Throws unless `text` is UTF-8 and, but for `line_end`, has no line end.
void check_line(std::string_view text, sse_errc line_end, const char* member) {
    const auto seen = detail::scan<detail::line_ends_in>(text);
    if (seen.found) throw error{line_end};
    if (seen.non_ascii && !is_utf8(text)) throw error{sse_errc::invalid_utf8, member};
}

/// Throws unless `id` is UTF-8 without controls: a client has to send it back in a header field.
void check_id(std::string_view id) {
    const auto seen = detail::scan<detail::controls_in>(id);
    if (seen.found) {
        if (id.find_first_of("\r\n") != id.npos) throw error{sse_errc::line_end_in_id};
        throw error{id.find('\0') != id.npos ? sse_errc::nul_in_id : sse_errc::control_in_id};
    }
    if (seen.non_ascii && !is_utf8(id)) throw error{sse_errc::invalid_utf8, "id"};
}

[[nodiscard]] std::size_t digits_in(std::uint64_t n) noexcept {
    std::size_t digits = 1;
    for (; n >= 10; n /= 10) ++digits;
    return digits;
}

/// Takes the first line of `text` off its front, and the CR, LF or CRLF behind it. False on the last line,
/// which has none: it is all that is left.
[[nodiscard]] bool take_line(std::string_view& text, std::string_view& line) noexcept {
    const auto length = detail::find_line_end(text);
    line = text.substr(0, length);
    text.remove_prefix(length);
    if (text.empty()) return false;
    text.remove_prefix(text.starts_with("\r\n"sv) ? 2 : 1);
    return true;
}

[[nodiscard]] std::size_t size_of_lines(std::string_view data) noexcept {
    std::size_t size = 0;
    std::string_view line;
    bool more = true;
    while (more) {
        more = take_line(data, line);
        size += line_size(data_start, line.size());
    }
    return size;
}

[[nodiscard]] char* put(char* to, std::string_view text) noexcept {
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    return to + text.size();
}

[[nodiscard]] char* put_line(char* to, std::string_view start, std::string_view value) noexcept {
    to = put(put(to, start), value);
    *to = '\n';
    return to + 1;
}

} // namespace

namespace detail {

std::size_t id_line_at(const event& e) noexcept {
    if (!is_set(e.comment)) return 0;
    return e.comment.empty() ? empty_comment.size() : line_size(comment_start, e.comment.size());
}

namespace {

template <typename CheckId>
layout lay_out_with(const event& e, CheckId check) {
    layout l;
    if (is_set(e.comment)) {
        check_line(e.comment, sse_errc::line_end_in_comment, "comment");
        l.size += id_line_at(e);
    }
    if (is_set(e.id)) {
        check(e.id);
        l.size += line_size(id_start, e.id.size());
    }
    if (!e.name.empty()) {
        check_line(e.name, sse_errc::line_end_in_name, "name");
        l.size += line_size(name_start, e.name.size());
    }
    if (e.retry) {
        if (e.retry->count() < 0) throw error{sse_errc::negative_retry};
        l.size += line_size(retry_start, digits_in(static_cast<std::uint64_t>(e.retry->count())));
    }
    if (is_set(e.data) || !e.name.empty()) {
        const auto seen = scan<line_ends_in>(e.data);
        if (seen.non_ascii && !is_utf8(e.data)) throw error{sse_errc::invalid_utf8, "data"};
        if (seen.found) l.form = form::lines;
        l.size += seen.found ? size_of_lines(e.data) : line_size(data_start, e.data.size());
    } else if (is_set(e.id) || e.retry) {
        l.form = form::checkpoint;
        l.size +=
            line_size(name_start, checkpoint_name.size()) + line_size(data_start, checkpoint_data.size());
    } else if (is_set(e.comment)) {
        l.form = form::comment;
        return l;
    } else {
        throw error{sse_errc::empty_event};
    }
    ++l.size; // the blank line
    return l;
}

} // namespace

layout lay_out(const event& e) {
    return lay_out_with(e, check_id);
}

layout lay_out_own_id(const event& e) {
    return lay_out_with(e, [](std::string_view) {});
}

void write(char* to, const event& e, const layout& l) noexcept {
    if (is_set(e.comment)) {
        to = e.comment.empty() ? put(to, empty_comment) : put_line(to, comment_start, e.comment);
        if (l.form == form::comment) return;
    }
    if (is_set(e.id)) to = put_line(to, id_start, e.id);
    if (!e.name.empty()) to = put_line(to, name_start, e.name);
    if (l.form == form::checkpoint) to = put_line(to, name_start, checkpoint_name);
    if (e.retry) {
        std::array<char, 20> digits; // NOLINT(cppcoreguidelines-pro-type-member-init): to_chars fills it
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), e.retry->count()).ptr;
        to = put_line(to, retry_start, {digits.data(), end});
    }
    if (l.form == form::line) {
        to = put_line(to, data_start, e.data);
    } else if (l.form == form::checkpoint) {
        to = put_line(to, data_start, checkpoint_data);
    } else {
        std::string_view rest = e.data;
        std::string_view line;
        bool more = true;
        while (more) {
            more = take_line(rest, line);
            to = put_line(to, data_start, line);
        }
    }
    *to = '\n';
}

} // namespace detail
} // namespace rill
