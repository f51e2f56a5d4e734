#include <rill/base/detail/prefetch.hpp>
#include <rill/http/detail/head_check.hpp>
#include <rill/http/detail/message_reader.hpp>
#include <rill/http/detail/syntax.hpp>
#include <rill/http/parser.hpp>

#include <array>

namespace rill {
namespace {

constexpr std::size_t longest_method = 24; // longer than any that is registered
constexpr int most_empty_lines = 2;

} // namespace

struct request_parser::state : detail::message_reader<request_head> {
    explicit state(const limits& l) noexcept
        : message_reader{l, head_guard::part::request, detail::chunk_reader::padding::refused},
          body_limit{l.max_body} {}

    [[nodiscard]] bool read_method(std::string_view& input, request_head& head);
    [[nodiscard]] bool read_empty_line(char c) noexcept;
    [[nodiscard]] bool end_method(std::string_view name, request_head& head);
    parse_step read_rest_of_head(std::string_view& input, request_head& head);
    /// Refuses, for functions that return whether all is well.
    bool fails(rill::status s, std::string_view reason) noexcept {
        refuse({s, reason});
        return false;
    }

    std::uint64_t body_limit;
    std::array<char, longest_method> method;
    std::uint8_t method_size = 0;
    std::uint8_t empty_lines = 0;
    bool carriage_return = false; // of an empty line
    bool empty_host = false;      // is taken
};

/// Takes empty lines (RFC 9112 §2.2), the method and the space behind it; false if the request was refused.
bool request_parser::state::read_method(std::string_view& input, request_head& head) {
    if (!input.empty() && method_size == 0) head.clear();
    while (!input.empty()) {
        const char c = input.front();
        if (method_size == 0 && (carriage_return || c == '\r')) {
            if (!read_empty_line(c)) return fails(status::bad_request, "not an empty line");
            input.remove_prefix(1);
            continue;
        }
        const auto room = longest_method - method_size;
        const auto run = detail::span(input.substr(0, room + 1), detail::token_char);
        if (run > room) return fails(status::not_implemented, "an unknown method");
        if (method_size + run == 0) return fails(status::bad_request, "no method");
        const bool whole = run < input.size();
        if (whole && input[run] != ' ') return fails(status::bad_request, "no method");
        auto name = input.substr(0, run);
        if (method_size > 0 || !whole) {
            name.copy(method.data() + method_size, run);
            method_size += static_cast<std::uint8_t>(run);
            name = {method.data(), method_size};
        }
        input.remove_prefix(whole ? run + 1 : run);
        return !whole || end_method(name, head);
    }
    return true;
}

bool request_parser::state::read_empty_line(char c) noexcept {
    if (carriage_return ? c != '\n' : empty_lines == most_empty_lines) return false;
    if (carriage_return) ++empty_lines;
    carriage_return = !carriage_return;
    return true;
}

bool request_parser::state::end_method(std::string_view name, request_head& head) {
    if (name == "PRI") // HTTP/2 begins with it, nothing else does (RFC 9113 §3.4)
        return fails(status::http_version_not_supported, "HTTP/2 without being asked");
    const auto known = parse_method(name);
    if (!known || *known == method::connect) return fails(status::not_implemented, "an unknown method");
    head.method = *known;
    begin_head(name.size() + 1);
    return llhttp().begin_behind_method() || fails(status::internal_server_error, "llhttp does not work");
}

parse_step request_parser::state::read_rest_of_head(std::string_view& input, request_head& head) {
    if (const auto step = read_head(input, head); step != parse_step::head) return step;
    head.version = guard().version();
    if (const auto why_not = detail::check_head(head, empty_host, facts())) return refuse(*why_not);
    return begin_body();
}

request_parser::request_parser(const limits& bounds) : state_{std::make_unique<state>(bounds)} {}
request_parser::~request_parser() = default;
request_parser::request_parser(request_parser&&) noexcept = default;
request_parser& request_parser::operator=(request_parser&&) noexcept = default;

parse_step request_parser::parse(std::string_view& input, request_head& head) {
    auto& s = *state_;
    if (s.at() == state::phase::begin && !s.read_method(input, head)) return parse_step::refused;
    return s.at() == state::phase::head ? s.read_rest_of_head(input, head) : s.read_body(input, s.body_limit);
}

void request_parser::prefetch() const noexcept {
    detail::prefetch(state_.get(), sizeof(state));
}
std::string_view request_parser::body_piece() const noexcept {
    return state_->piece();
}
std::optional<std::uint64_t> request_parser::content_length() const noexcept {
    return state_->facts().content_length;
}
bool request_parser::chunked() const noexcept {
    return state_->facts().chunked;
}
bool request_parser::keep_alive() const noexcept {
    return state_->facts().keep_alive;
}
bool request_parser::expects_continue() const noexcept {
    return state_->facts().expects_continue;
}
void request_parser::body_limit(std::uint64_t bytes) noexcept {
    state_->body_limit = bytes;
}
void request_parser::take_empty_host() noexcept {
    state_->empty_host = true;
}
const refusal& request_parser::refused() const noexcept {
    return state_->why();
}
bool request_parser::started() const noexcept {
    return state_->at() != state::phase::begin || state_->method_size > 0;
}

void request_parser::reset() noexcept {
    auto& s = *state_;
    s.message_reader::reset();
    s.body_limit = s.bounds().max_body;
    s.method_size = s.empty_lines = 0;
    s.carriage_return = false;
}

} // namespace rill
