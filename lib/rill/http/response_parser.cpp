#include <rill/http/detail/head_check.hpp>
#include <rill/http/detail/message_reader.hpp>
#include <rill/http/response_parser.hpp>

#include <limits>

namespace rill {
namespace {

constexpr int most_interim_responses = 32;

} // namespace

struct response_parser::state : detail::message_reader<response_head> {
    explicit state(const limits& l) noexcept
        : message_reader{l, head_guard::part::response, detail::chunk_reader::padding::taken} {}

    parse_step read_heads(std::string_view& input, response_head& head);
    void begin(response_head& head) noexcept;
    parse_step end_head(response_head& head);
    parse_step malformed(std::string_view reason) noexcept { return refuse({status::bad_request, reason}); }

    method answered = method::get;
    int interim_responses = 0;
    bool started = false;
    bool truncated = false;
};

/// The head of a response, behind those of interim ones.
parse_step response_parser::state::read_heads(std::string_view& input, response_head& head) {
    while (!input.empty()) {
        if (at() == phase::begin) begin(head);
        if (const auto step = read_head(input, head); step != parse_step::head) return step;
        if (const auto step = end_head(head); step != parse_step::need_input) return step;
    }
    return parse_step::need_input;
}

void response_parser::state::begin(response_head& head) noexcept {
    head.status = status::ok;
    head.fields.clear();
    begin_head();
    llhttp().begin(HTTP_RESPONSE);
    if (answered == method::connect) llhttp().take_any_framing(); // `check_head` says whether it matters
    started = true;
}

/// `need_input` if this was the head of an interim response.
parse_step response_parser::state::end_head(response_head& head) {
    head.status = guard().status();
    const auto code = static_cast<int>(head.status);
    if (code != llhttp().status()) return malformed("a malformed head");
    if (const auto why_not = detail::check_head(head, guard().version(), answered, facts()))
        return refuse(*why_not);
    if (head.status == status::switching_protocols)
        return malformed("another protocol that nobody asked for");
    if (code >= 200) return begin_body();
    if (++interim_responses > most_interim_responses) return malformed("too many interim responses");
    message_reader::reset();
    return parse_step::need_input;
}

response_parser::response_parser(const limits& bounds) : state_{std::make_unique<state>(bounds)} {}
response_parser::~response_parser() = default;
response_parser::response_parser(response_parser&&) noexcept = default;
response_parser& response_parser::operator=(response_parser&&) noexcept = default;

void response_parser::expect(method m) noexcept {
    state_->answered = m;
}

parse_step response_parser::parse(std::string_view& input, response_head& head) {
    auto& s = *state_;
    if (s.at() == state::phase::begin || s.at() == state::phase::head) return s.read_heads(input, head);
    return s.read_body(input, std::numeric_limits<std::uint64_t>::max());
}

parse_step response_parser::end() noexcept {
    auto& s = *state_;
    switch (s.at()) {
    case state::phase::done: return parse_step::need_input;
    case state::phase::refused: return parse_step::refused;
    default: break;
    }
    if (s.may_end()) return s.complete();
    const bool in_head = s.at() == state::phase::begin || s.at() == state::phase::head;
    s.truncated = true;
    return s.malformed(in_head ? "the connection ended before the head did"
                               : "the connection ended before the body did");
}

std::string_view response_parser::body_piece() const noexcept {
    return state_->piece();
}
std::optional<std::uint64_t> response_parser::content_length() const noexcept {
    return state_->facts().content_length;
}
bool response_parser::chunked() const noexcept {
    return state_->facts().chunked;
}
bool response_parser::until_close() const noexcept {
    return state_->facts().until_close;
}
bool response_parser::keep_alive() const noexcept {
    return state_->facts().keep_alive;
}
version response_parser::version() const noexcept {
    return state_->guard().version();
}
bool response_parser::started() const noexcept {
    return state_->started;
}
response_fault response_parser::fault() const noexcept {
    if (state_->truncated) return response_fault::truncated;
    return state_->why().status == status::request_header_fields_too_large ? response_fault::head_too_large
                                                                           : response_fault::malformed;
}
std::string_view response_parser::reason() const noexcept {
    return state_->why().reason;
}

void response_parser::reset() noexcept {
    auto& s = *state_;
    s.message_reader::reset();
    s.answered = method::get;
    s.interim_responses = 0;
    s.started = s.truncated = false;
}

} // namespace rill
