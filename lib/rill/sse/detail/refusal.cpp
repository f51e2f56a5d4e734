#include <rill/base/text.hpp>
#include <rill/sse/detail/own_events.hpp>
#include <rill/sse/detail/refusal.hpp>
#include <rill/sse/detail/utf8.hpp>

#include <fmt/format.h>

#include <cstddef>

namespace rill::detail {
namespace {

constexpr std::string_view status_start = R"({"status":)";
constexpr std::string_view reason_start = R"(,"reason":")";
constexpr std::string_view reason_end = R"("})";
constexpr std::size_t status_digits = 3;

/// Escapes what a string of JSON may not have in it (RFC 8259 §7).
void append_escaped(std::string& to, std::string_view text) {
    for (const char c : text) {
        if (c == '"' || c == '\\')
            to.append(1, '\\').append(1, c);
        else if (static_cast<unsigned char>(c) < 0x20)
            to += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else
            to += c;
    }
}

} // namespace

std::string refusal_data(unsigned status, std::string_view reason) {
    std::string text;
    append_utf8(text, reason);
    auto data = fmt::format("{}{}{}", status_start, status, reason_start);
    append_escaped(data, text);
    data += reason_end;
    return data;
}

std::optional<refusal> read_refusal(const message& m) noexcept {
    if (m.type != refused_name) return std::nullopt;
    std::string_view rest = m.data;
    if (!rest.starts_with(status_start) || !rest.ends_with(reason_end)) return std::nullopt;
    rest.remove_prefix(status_start.size());
    const auto status = parse<unsigned>(rest.substr(0, status_digits)).value_or(0);
    rest.remove_prefix(std::min(status_digits, rest.size()));
    if (status < 400 || status > 599 || !rest.starts_with(reason_start)) return std::nullopt;
    rest.remove_prefix(reason_start.size());
    if (rest.size() < reason_end.size()) return std::nullopt;
    rest.remove_suffix(reason_end.size());
    return refusal{status, rest};
}

} // namespace rill::detail
