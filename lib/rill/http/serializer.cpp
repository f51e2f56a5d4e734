#include <rill/base/text.hpp>
#include <rill/http/error.hpp>
#include <rill/http/serializer.hpp>

#include <fmt/format.h>

#include <cassert>

namespace rill {
namespace {

/// Whether a field frames the message: those are written from what the session knows.
bool is_framing(std::string_view name) noexcept {
    switch (name.size()) {
    case 10: return equals_ignoring_case(name, "connection") || equals_ignoring_case(name, "keep-alive");
    case 14: return equals_ignoring_case(name, "content-length");
    case 17: return equals_ignoring_case(name, "transfer-encoding");
    default: return false;
    }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ", 2).append(value).append("\r\n", 2);
}

void append_status_line(std::string& out, status s) {
    const auto code = static_cast<unsigned>(s);
    const char digits[] = {static_cast<char>('0' + code / 100), static_cast<char>('0' + code / 10 % 10),
                           static_cast<char>('0' + code % 10), ' '};
    out.append("HTTP/1.1 ").append(digits, sizeof digits).append(reason(s)).append("\r\n");
}

} // namespace

void write_head(std::string& out, const response_head& head, framing how, version asked, bool keep_alive,
                std::string_view date) {
    using kind = framing::kind;
    const auto code = static_cast<unsigned>(head.status);
    if (code < 100 || code > 999) throw error{http_errc::invalid_status, std::to_string(code)};
    assert(how.how != kind::chunked || asked == version::http_1_1);
    if (!may_have_body(head.status)) how = framing::none();

    out.reserve(out.size() + head.fields.bytes() + 4 * head.fields.size() + 192);
    append_status_line(out, head.status);
    if (!date.empty() && !head.fields.contains("date")) append_field(out, "Date", date);
    for (const auto f : head.fields)
        if (!is_framing(f.name)) append_field(out, f.name, f.value);
    if (how.how == kind::fixed) append_field(out, "Content-Length", fmt::format_int{how.length}.c_str());
    if (how.how == kind::chunked) out += "Transfer-Encoding: chunked\r\n";
    if (!keep_alive || how.how == kind::until_close) {
        out += "Connection: close\r\n";
    } else if (asked == version::http_1_0) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
}

chunk_header::chunk_header(std::size_t size) noexcept : begin_{2 * sizeof(std::size_t)} {
    assert(size > 0);
    text_[begin_] = '\r';
    text_[begin_ + std::size_t{1}] = '\n';
    for (; size > 0; size /= 16) text_[--begin_] = "0123456789abcdef"[size % 16];
}

} // namespace rill
