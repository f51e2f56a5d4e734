#include <rill/base/error.hpp>
#include <rill/sse/decode.hpp>
#include <rill/sse/detail/scan.hpp>
#include <rill/sse/detail/utf8.hpp>
#include <rill/sse/error.hpp>

#include <algorithm>
#include <utility>

namespace rill {
namespace {

using namespace std::string_view_literals;

constexpr auto byte_order_mark = "\xEF\xBB\xBF"sv;

void assign_utf8(std::string& to, std::string_view bytes) {
    to.clear();
    detail::append_utf8(to, bytes);
}

/// `digits` as a time, or nothing if they are not all digits or there are none.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry(std::string_view digits) {
    if (digits.empty()) return std::nullopt;
    std::chrono::milliseconds::rep time = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return std::nullopt;
        time = std::min(10 * time + (c - '0'), decoder::max_retry.count());
    }
    return std::chrono::milliseconds{time};
}

} // namespace

decoder::decoder(const decode_limits& limits, std::string last_event_id)
    : limits_{limits}, id_{std::move(last_event_id)}, last_event_id_{id_} {}

decoded decoder::next(std::string_view& bytes) {
    while (!bytes.empty()) {
        if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
            bytes.remove_prefix(1);
            continue;
        }
        const auto length = detail::find_line_end(bytes);
        if (length > limits_.line - line_.size()) throw error{sse_errc::line_too_long};
        const auto line = bytes.substr(0, length);
        if (length == bytes.size()) {
            line_.append(line);
            bytes = {};
            break;
        }
        after_cr_ = bytes[length] == '\r';
        bytes.remove_prefix(length + 1);

        auto result = decoded::nothing;
        if (line_.empty()) {
            result = read_line(line);
        } else {
            line_.append(line);
            result = read_line(line_);
            line_.clear();
        }
        if (result != decoded::nothing) return result;
    }
    return decoded::nothing;
}

// Lines are taken as bytes, and only what is kept of them is decoded: no part of a UTF-8 sequence, valid or
// not, can be mistaken for the ASCII that the grammar is made of.
decoded decoder::read_line(std::string_view line) {
    if (std::exchange(at_start_, false) && line.starts_with(byte_order_mark))
        line.remove_prefix(byte_order_mark.size());
    if (line.empty()) return end_event();

    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    std::string_view value;
    if (colon != line.npos) value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (colon == 0) {
        assign_utf8(comment_, value);
        return decoded::comment;
    }
    read_field(name, value);
    return decoded::nothing;
}

void decoder::read_field(std::string_view name, std::string_view value) {
    if (name == "data"sv) {
        append_data(value);
    } else if (name == "event"sv) {
        assign_utf8(type_, value);
    } else if (name == "id"sv) {
        if (value.find('\0') == value.npos) assign_utf8(id_, value);
    } else if (name == "retry"sv) {
        if (const auto time = parse_retry(value)) retry_ = time;
    }
}

void decoder::append_data(std::string_view value) {
    if (std::exchange(has_data_, true)) data_ += '\n';
    detail::append_utf8(data_, value);
    if (data_.size() > limits_.event) throw error{sse_errc::event_too_large};
}

decoded decoder::end_event() {
    last_event_id_ = id_;
    if (!std::exchange(has_data_, false)) {
        type_.clear();
        return decoded::nothing;
    }
    // The two buffers change places, so that one who only looks at the messages costs no allocations.
    current_.data.swap(data_);
    data_.clear();
    current_.type.swap(type_);
    type_.clear();
    if (current_.type.empty()) current_.type = "message";
    current_.last_event_id = last_event_id_;
    return decoded::message;
}

void decoder::reset() {
    line_.clear();
    data_.clear();
    type_.clear();
    id_ = last_event_id_;
    at_start_ = true;
    after_cr_ = false;
    has_data_ = false;
}

} // namespace rill
