#include <rill/http/detail/syntax.hpp>
#include <rill/http/head_guard.hpp>

#include <algorithm>

namespace rill {

using detail::span;

head_guard::head_guard(const limits& bounds, part from, std::size_t taken) noexcept
    : limits_{&bounds},
      taken_{std::min(taken, bounds.max_head)},
      state_{from == part::request    ? state::target
             : from == part::response ? state::version
                                      : state::line_begin},
      response_{from == part::response} {}

std::size_t head_guard::accept(std::string_view bytes) noexcept {
    const auto room = bytes.substr(0, limits_->max_head - taken_);
    const char* p = room.data();
    const char* const end = p + room.size();
    while (p != end && state_ < state::line_begin) p = take_first_line(p, end);
    if (state_ < state::done) p = take_fields(p, end);
    const auto accepted = static_cast<std::size_t>(p - room.data());
    taken_ += accepted;
    if (taken_ == limits_->max_head && state_ < state::done)
        refuse(p, rill::status::request_header_fields_too_large, "the head is too large");
    return accepted;
}

inline const char* head_guard::expect(const char* p, char c, state next, std::string_view reason) noexcept {
    if (*p != c) return refuse(p, rill::status::bad_request, reason);
    state_ = next;
    return p + 1;
}

/// Takes one part of the first line. Where it refuses, it returns `p`.
const char* head_guard::take_first_line(const char* p, const char* end) noexcept {
    switch (state_) {
    case state::target: return take_target(p, end);
    case state::version: return take_version(p, end);
    case state::version_end:
        return response_ ? expect(p, ' ', state::code, "no space after the version")
                         : expect(p, '\r', state::first_line_feed, "no HTTP version");
    case state::code: return take_code(p);
    case state::code_end:
        return *p == ' ' ? expect(p, ' ', state::reason, {})
                         : expect(p, '\r', state::first_line_feed, "a status that is not three digits");
    case state::reason:
        p += detail::span_of_value({p, end}, tabs_);
        return p == end ? p : expect(p, '\r', state::first_line_feed, "a control character in the reason");
    case state::first_line_feed: return expect(p, '\n', state::line_begin, "a CR without LF");
    default: return p;
    }
}

/// Takes all that is there of the fields, and the empty line behind them.
const char* head_guard::take_fields(const char* p, const char* end) noexcept {
    while (p != end) switch (state_) {
        case state::line_begin:
            p = begin_field(p);
            if (state_ != state::name) break;
            [[fallthrough]];
        case state::name:
            p += span({p, end}, detail::token_char);
            if (p == end) return p;
            p = expect(p, ':', state::value, "a field name is no token");
            if (state_ != state::value) return p;
            [[fallthrough]];
        case state::value:
            p += detail::span_of_value({p, end}, tabs_);
            if (p == end) return p;
            p = expect(p, '\r', state::line_feed, "a control character in a field value");
            if (p == end || state_ != state::line_feed) return p;
            [[fallthrough]];
        case state::line_feed: p = expect(p, '\n', state::line_begin, "a CR without LF"); break;
        case state::last_line_feed: p = expect(p, '\n', state::done, "a CR without LF"); break;
        default: return p; // done, or refused
        }
    return p;
}

const char* head_guard::take_target(const char* p, const char* end) noexcept {
    const auto run = span({p, static_cast<std::size_t>(end - p)}, detail::target_char);
    const auto room = limits_->max_target - target_size_;
    target_size_ += std::min(run, room);
    if (run > room) return refuse(p + room, rill::status::uri_too_long, "the request target is too long");
    p += run;
    if (p == end) return p;
    if (target_size_ == 0) return refuse(p, rill::status::bad_request, "no request target");
    return expect(p, ' ', state::version, "a character that no request target has");
}

const char* head_guard::take_version(const char* p, const char* end) noexcept {
    constexpr std::string_view pattern{"HTTP/0.0"}; // 0 is any digit
    constexpr std::string_view usual{"HTTP/1.1"};
    if (matched_ == 0 && std::string_view{p, end}.starts_with(usual)) {
        minor_ = 1;
        state_ = state::version_end;
        return p + usual.size();
    }
    const auto expected = pattern[matched_];
    if (expected == '0' ? !detail::is_digit(*p) : *p != expected)
        return refuse(p, rill::status::bad_request, "no HTTP version");
    if (matched_ == 5) major_ = *p;
    if (matched_ == 7) {
        if (major_ != '1' || *p > '1')
            return refuse(p, rill::status::http_version_not_supported, "not HTTP/1.0 or HTTP/1.1");
        minor_ = static_cast<char>(*p - '0');
    }
    if (++matched_ == pattern.size()) state_ = state::version_end;
    return p + 1;
}

const char* head_guard::take_code(const char* p) noexcept {
    if (!detail::is_digit(*p))
        return refuse(p, rill::status::bad_request, "a status that is not three digits");
    if (code_ == 0 && (*p < '1' || *p > '5'))
        return refuse(p, rill::status::bad_request, "a status that is not 100 to 599");
    code_ = static_cast<std::uint16_t>(code_ * 10 + (*p - '0'));
    if (code_ >= 100) state_ = state::code_end;
    return p + 1;
}

/// Takes the CR of the empty line, or sees that a name begins.
const char* head_guard::begin_field(const char* p) noexcept {
    if (*p == '\r') {
        state_ = state::last_line_feed;
        return p + 1;
    }
    if (!detail::is(*p, detail::token_char))
        return refuse(p, rill::status::bad_request, "a line that begins with no field name");
    if (fields_ == limits_->max_fields)
        return refuse(p, rill::status::request_header_fields_too_large, "too many fields");
    ++fields_;
    state_ = state::name;
    return p;
}

const char* head_guard::refuse(const char* p, rill::status s, std::string_view reason) noexcept {
    state_ = state::refused;
    why_ = {s, reason};
    return p;
}

} // namespace rill
