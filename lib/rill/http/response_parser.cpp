#include <rill/http/detail/chunk_reader.hpp>
#include <rill/http/detail/head_check.hpp>
#include <rill/http/detail/llhttp_head.hpp>
#include <rill/http/head_guard.hpp>
#include <rill/http/response_parser.hpp>

#include <algorithm>
#include <limits>

namespace rill {
namespace {

constexpr int most_interim_responses = 32;

} // namespace

struct response_parser::state {
    enum class phase : std::uint8_t { head, body, chunks, rest, done, refused };

    explicit state(const limits& l) noexcept
        : bounds{&l}, guard{l, head_guard::part::response}, chunks{l, detail::chunk_reader::padding::taken} {}

    void begin_head(response_head& head) noexcept;
    parse_step read_head(std::string_view& input, response_head& head);
    parse_step end_head(response_head& head);
    parse_step read_body(std::string_view& input) noexcept;
    parse_step read_chunks(std::string_view& input) noexcept;
    parse_step read_rest(std::string_view& input) noexcept;
    parse_step complete() noexcept {
        at = phase::done;
        return parse_step::complete;
    }
    parse_step refuse(response_fault f, std::string_view reason) noexcept {
        fault = f;
        why = reason;
        at = phase::refused;
        return parse_step::refused;
    }
    parse_step refuse(const refusal& r) noexcept {
        return refuse(r.status == status::request_header_fields_too_large ? response_fault::head_too_large
                                                                          : response_fault::malformed,
                      r.reason);
    }

    const limits* bounds;
    detail::llhttp_head<response_head> llhttp;
    head_guard guard;
    detail::chunk_reader chunks;
    detail::message_facts facts;
    std::string_view why;
    std::string_view piece;
    std::uint64_t body_left = 0;
    method answered = method::get;
    response_fault fault = response_fault::malformed;
    int interim_responses = 0;
    bool in_head = false;
    bool started = false;
    phase at = phase::head;
};

void response_parser::state::begin_head(response_head& head) noexcept {
    head.status = status::ok;
    head.fields.clear();
    guard = head_guard{*bounds, head_guard::part::response};
    llhttp.begin(HTTP_RESPONSE);
    if (answered == method::connect) llhttp.take_any_framing(); // `check_head` says whether it matters
    in_head = started = true;
}

parse_step response_parser::state::read_head(std::string_view& input, response_head& head) {
    while (!input.empty()) {
        if (!in_head) begin_head(head);
        const auto accepted = input.substr(0, guard.accept(input));
        input.remove_prefix(accepted.size());
        if (!llhttp.feed(accepted, head, guard)) return refuse(response_fault::malformed, "a malformed head");
        if (const auto* why_not = guard.refused()) return refuse(*why_not);
        if (!guard.done()) break;
        in_head = false;
        // After an interim response the next one begins, and may be here already.
        if (const auto step = end_head(head); step != parse_step::need_input) return step;
    }
    return parse_step::need_input;
}

parse_step response_parser::state::end_head(response_head& head) {
    head.status = guard.status();
    const auto code = static_cast<int>(head.status);
    if (code != llhttp.status()) return refuse(response_fault::malformed, "a malformed head");
    if (const auto why_not = detail::check_head(head, guard.version(), answered, facts))
        return refuse(*why_not);
    if (head.status == status::switching_protocols)
        return refuse(response_fault::malformed, "another protocol that nobody asked for");
    if (code < 200) {
        if (++interim_responses <= most_interim_responses) return parse_step::need_input;
        return refuse(response_fault::malformed, "too many interim responses");
    }
    body_left = facts.content_length.value_or(0);
    at = facts.chunked ? phase::chunks : facts.until_close ? phase::rest : phase::body;
    return parse_step::head;
}

parse_step response_parser::state::read_body(std::string_view& input) noexcept {
    if (body_left == 0) return complete();
    if (input.empty()) return parse_step::need_input;
    piece = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(body_left, input.size())));
    input.remove_prefix(piece.size());
    body_left -= piece.size();
    return parse_step::body;
}

parse_step response_parser::state::read_chunks(std::string_view& input) noexcept {
    using step = detail::chunk_reader::step;
    switch (chunks.read(input, piece, std::numeric_limits<std::uint64_t>::max())) {
    case step::need_input: break;
    case step::data: return parse_step::body;
    case step::end: return complete();
    case step::refused: return refuse(chunks.why());
    }
    return parse_step::need_input;
}

parse_step response_parser::state::read_rest(std::string_view& input) noexcept {
    if (input.empty()) return parse_step::need_input;
    piece = input;
    input.remove_prefix(input.size());
    return parse_step::body;
}

response_parser::response_parser(const limits& bounds) : state_{std::make_unique<state>(bounds)} {}
response_parser::~response_parser() = default;
response_parser::response_parser(response_parser&&) noexcept = default;
response_parser& response_parser::operator=(response_parser&&) noexcept = default;

void response_parser::expect(method m) noexcept {
    state_->answered = m;
}

parse_step response_parser::parse(std::string_view& input, response_head& head) {
    using phase = state::phase;
    switch (state_->at) {
    case phase::head: return state_->read_head(input, head);
    case phase::body: return state_->read_body(input);
    case phase::chunks: return state_->read_chunks(input);
    case phase::rest: return state_->read_rest(input);
    case phase::refused: return parse_step::refused;
    case phase::done: break;
    }
    return parse_step::need_input;
}

parse_step response_parser::end() noexcept {
    using phase = state::phase;
    auto& s = *state_;
    switch (s.at) {
    case phase::done: return parse_step::need_input;
    case phase::refused: return parse_step::refused;
    case phase::rest: return s.complete();
    case phase::body:
        if (s.body_left == 0) return s.complete();
        break;
    case phase::head:
    case phase::chunks: break;
    }
    return s.refuse(response_fault::truncated, s.at == phase::head
                                                   ? "the connection ended before the head did"
                                                   : "the connection ended before the body did");
}

std::string_view response_parser::body_piece() const noexcept {
    return state_->piece;
}
std::optional<std::uint64_t> response_parser::content_length() const noexcept {
    return state_->facts.content_length;
}
bool response_parser::chunked() const noexcept {
    return state_->facts.chunked;
}
bool response_parser::until_close() const noexcept {
    return state_->facts.until_close;
}
bool response_parser::keep_alive() const noexcept {
    return state_->facts.keep_alive;
}
version response_parser::version() const noexcept {
    return state_->guard.version();
}
bool response_parser::started() const noexcept {
    return state_->started;
}
response_fault response_parser::fault() const noexcept {
    return state_->fault;
}
std::string_view response_parser::reason() const noexcept {
    return state_->why;
}

void response_parser::reset() noexcept {
    auto& s = *state_;
    s.chunks = detail::chunk_reader{*s.bounds, detail::chunk_reader::padding::taken};
    s.facts = {};
    s.body_left = 0;
    s.answered = method::get;
    s.interim_responses = 0;
    s.in_head = s.started = false;
    s.at = state::phase::head;
}

} // namespace rill
