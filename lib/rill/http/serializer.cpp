#include <rill/http/detail/framing_fields.hpp>
#include <rill/http/error.hpp>
#include <rill/http/serializer.hpp>

#include <fmt/format.h>

#include <cassert>
#include <cstring>

namespace rill {
namespace {

char* put(char* to, std::string_view text) noexcept {
    return to + text.copy(to, text.size());
}

/// The compiler knows how long these are, and needs no call.
template <std::size_t Size>
char* put(char* to, const char (&literal)[Size]) noexcept {
    std::memcpy(to, literal, Size - 1);
    return to + Size - 1;
}

char* put_status_line(char* to, status s) noexcept {
    if (s == status::ok) return put(to, "HTTP/1.1 200 OK\r\n");
    const auto code = static_cast<unsigned>(s);
    const char digits[] = {static_cast<char>('0' + code / 100), static_cast<char>('0' + code / 10 % 10),
                           static_cast<char>('0' + code % 10), ' '};
    to = put(put(to, "HTTP/1.1 "), std::string_view{digits, sizeof digits});
    return put(put(to, reason(s)), "\r\n");
}

/// More than a head takes beside its fields, its date and its reason.
constexpr std::size_t most_besides = 160;

} // namespace

void write_head(std::string& out, const response_head& head, framing how, version asked, bool keep_alive,
                std::string_view date, std::string_view keep_alive_fields) {
    using kind = framing::kind;
    const auto code = static_cast<unsigned>(head.status);
    if (code < 100 || code > 999) throw error{http_errc::invalid_status, std::to_string(code)};
    assert(how.how != kind::chunked || asked == version::http_1_1);
    if (!may_have_body(head.status)) how = framing::none();

    const auto before = out.size();
    out.resize(before + reason(head.status).size() + date.size() + keep_alive_fields.size() +
               head.fields.bytes() + 4 * head.fields.size() + most_besides);
    auto* to = put_status_line(out.data() + before, head.status);
    if (!date.empty() && !head.fields.contains("date")) to = put(put(put(to, "Date: "), date), "\r\n");
    for (const auto f : head.fields)
        if (!detail::is_framing_field(f.name)) to = put(put(put(put(to, f.name), ": "), f.value), "\r\n");
    if (how.how == kind::fixed) {
        const fmt::format_int length{how.length};
        to = put(to, "Content-Length: ");
        to = put(put(to, std::string_view{length.data(), length.size()}), "\r\n");
    }
    if (how.how == kind::chunked) to = put(to, "Transfer-Encoding: chunked\r\n");
    if (!keep_alive || how.how == kind::until_close) {
        to = put(to, "Connection: close\r\n");
    } else if (!keep_alive_fields.empty()) {
        to = put(to, keep_alive_fields);
    } else if (asked == version::http_1_0) {
        to = put(to, "Connection: keep-alive\r\n");
    }
    to = put(to, "\r\n");
    out.resize(static_cast<std::size_t>(to - out.data()));
}

chunk_header::chunk_header(std::size_t size) noexcept : begin_{2 * sizeof(std::size_t)} {
    assert(size > 0);
    text_[begin_] = '\r';
    text_[begin_ + std::size_t{1}] = '\n';
    for (; size > 0; size /= 16) text_[--begin_] = "0123456789abcdef"[size % 16];
}

} // namespace rill
