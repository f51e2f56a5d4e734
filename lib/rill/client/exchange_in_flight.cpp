#include <rill/base/error.hpp>
#include <rill/base/text.hpp>
#include <rill/client/detail/exchange_in_flight.hpp>
#include <rill/client/detail/idempotent.hpp>
#include <rill/client/detail/response_fields.hpp>
#include <rill/http/detail/media_type.hpp>
#include <rill/sse/detail/own_events.hpp>

#include <asio/error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rill::detail {
namespace {

/// The most that is read of a body that nobody wants, as a redirect's.
constexpr std::uint64_t worth_reading = std::uint64_t{16} * 1024;
/// And the longest that is waited for it.
constexpr std::chrono::milliseconds worth_waiting{1'000};

/// What is left of `time`, which began then; no bound stays none.
std::chrono::milliseconds left_of(std::chrono::milliseconds time, time_point began) {
    if (time <= time.zero()) return time;
    const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - began);
    return std::max(std::chrono::milliseconds{1}, time - spent);
}

client_errc code_of(response_fault fault) noexcept {
    switch (fault) {
    case response_fault::head_too_large: return client_errc::head_too_large;
    case response_fault::truncated: return client_errc::truncated;
    case response_fault::malformed: break;
    }
    return client_errc::malformed_response;
}

} // namespace

exchange_in_flight::exchange_in_flight(std::shared_ptr<client_core> core,
                                       const asio::any_io_executor& executor, const client_request& request,
                                       url to, interrupt* by)
    : core_{std::move(core)},
      executor_{executor},
      method_{request.method()},
      url_{std::move(to)},
      shown_url_{url_.str()},
      proxy_{core_->proxy_for(url_)},
      deadline_{executor, *this, by},
      parser_{core_->bounds()},
      codings_wanted_{core_->codings_wanted(request)} {
    // Requests in the clear to all hosts share the connections to their proxy.
    place_ = proxy_ == nullptr ? url_.origin()
             : url_.secure()   ? fmt::format("{} by {}", url_.origin(), proxy_->where.origin())
                               : fmt::format("by {}", proxy_->where.origin());
    parser_.expect(method_);
}

void exchange_in_flight::cancel_wait() noexcept {
    if (connection_) connection_->cancel();
}

void exchange_in_flight::fail(std::error_code code, std::string_view words) {
    connection_.reset();
    const auto what = fmt::format("{} {}", to_string(method_), shown_url_);
    throw error{code, words.empty() ? what : fmt::format("{}: {}", what, words)};
}

void exchange_in_flight::refuse(const response_parser& parser) {
    fail(code_of(parser.fault()), parser.reason());
}

task<void> exchange_in_flight::run(std::string_view head, std::string_view body, bool& sent) {
    std::optional<connection_failure> failure;
    for (bool again = true; again;) {
        again = false;
        failure.reset();
        try {
            co_await connect();
            co_await converse(head, body, sent);
        } catch (connection_failure& f) {
            failure = std::move(f);
        }
        // The server may have given up an idle connection just when it was used: that says nothing.
        again = failure && reused_ && !parser_.started() && is_idempotent(method_) && !deadline_.passed();
        if (failure) connection_.reset();
    }
    if (failure) fail(failure->code, failure->words);
    coding_ = content_coding(head_.fields);
    // What has no body is complete, whether somebody looks for one or not.
    if (parser_.content_length() == 0 && parser_.parse(input_, head_) == parse_step::complete) release();
}

task<void> exchange_in_flight::connect() {
    if (deadline_.passed()) throw connection_failure{*deadline_.passed(), {}};
    const auto& options = core_->options();
    at_end_ = cut_short_ = false; // that was the connection before
    input_ = {};
    connection_ = fresh_ ? nullptr : core_->pool().take(place_, executor_);
    reused_ = connection_ != nullptr;
    fresh_ = true; // a second attempt takes no chances
    if (reused_) co_return;
    if (url_.secure() && core_->tls() == nullptr) throw connection_failure{client_errc::tls_unavailable, {}};
    const auto& peer = proxy_ != nullptr ? proxy_->where : url_;
    connection_ = std::make_unique<connection>(executor_);
    co_await connection_->connect(std::string{peer.host()}, peer.port(), options, deadline_);
    if (!url_.secure()) co_return;
    if (proxy_ != nullptr) co_await open_tunnel(*proxy_);
    co_await connection_->secure(*core_->tls(), std::string{url_.host()}, options, deadline_);
}

/// RFC 9110 §9.3.6.
task<void> exchange_in_flight::open_tunnel(const proxy& by) {
    const auto& options = core_->options();
    auto host = url_.authority(); // without a zone (RFC 6874 §4), and without a port that is the default
    if (url_.port() == 443) host += ":443";
    auto text = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", host);
    if (!by.authorization.empty()) text += fmt::format("Proxy-Authorization: {}\r\n", by.authorization);
    text += "\r\n";
    const bool sent = co_await connection_->write(text, options.tls_timeout, deadline_);
    if (!sent) throw connection_failure{client_errc::proxy_refused, by.where.str()};

    response_parser parser{core_->bounds()};
    parser.expect(method::connect);
    response_head head;
    const auto began = clock::now();
    for (;;) {
        const auto step = parser.parse(input_, head);
        if (step == parse_step::head) break;
        if (step == parse_step::refused)
            throw connection_failure{client_errc::proxy_refused, std::string{parser.reason()}};
        co_await more_input(left_of(options.tls_timeout, began), client_errc::tls_timeout);
        if (at_end_) throw connection_failure{client_errc::proxy_refused, by.where.str()};
    }
    const auto code = static_cast<unsigned>(head.status);
    if (code / 100 != 2 || !input_.empty())
        throw connection_failure{client_errc::proxy_refused, fmt::format("{} said {}", by.where.str(), code)};
}

/// A server may answer before it has taken the whole request, and take no more: then its answer counts.
task<void> exchange_in_flight::converse(std::string_view head, std::string_view body, bool& sent) {
    const auto patience = core_->options().idle_timeout;
    auto together = std::string{};
    if (body.size() < 16 * 1024) together.append(head).append(body);
    sent = true;
    cut_short_ = !co_await connection_->write(together.empty() ? head : together, patience, deadline_);
    bool has_head = false;
    if (!cut_short_ && together.empty()) has_head = co_await upload(body);
    const auto time = core_->options().first_byte_timeout;
    auto began = clock::now();
    bool silent = true;
    while (!has_head) {
        switch (parser_.parse(input_, head_)) {
        case parse_step::head: has_head = true; break;
        case parse_step::refused: refuse(parser_);
        default:
            if (at_end_ && !parser_.started())
                throw connection_failure{client_errc::truncated, "the server closed the connection"};
            if (at_end_ && parser_.end() == parse_step::refused) refuse(parser_);
            co_await more_input(left_of(time, began), client_errc::first_byte_timeout);
            if (std::exchange(silent, false)) began = clock::now();
        }
    }
}

/// Sends a large body, and listens meanwhile: who answers with a failure, or for the last time, wants no more
/// of it (RFC 9112 §9.5). True if the head of the answer has come.
task<bool> exchange_in_flight::upload(std::string_view body) {
    const auto patience = core_->options().idle_timeout;
    for (bool answered = false;;) {
        bool taken = false;
        if (answered)
            taken = co_await connection_->write(std::exchange(body, {}), patience, deadline_);
        else
            taken = co_await connection_->write_while_silent(body, patience, deadline_);
        if (!taken || body.empty()) {
            cut_short_ = !taken;
            co_return answered;
        }
        co_await more_input(patience, client_errc::idle_timeout);
        const auto step = parser_.parse(input_, head_);
        if (step == parse_step::refused) refuse(parser_);
        answered = step == parse_step::head;
        const bool enough = answered && (static_cast<unsigned>(head_.status) >= 300 || !parser_.keep_alive());
        if (enough || at_end_) {
            cut_short_ = true;
            co_return answered;
        }
    }
}

task<void> exchange_in_flight::more_input(std::chrono::milliseconds patience, client_errc why) {
    deadline_.expect(patience, why);
    const auto size = co_await connection_->read_some(buffer_, deadline_);
    input_ = {buffer_.data(), size};
    at_end_ = size == 0;
}

task<std::string_view> exchange_in_flight::read() {
    return read_within(core_->options().idle_timeout);
}

task<std::string_view> exchange_in_flight::read_within(std::chrono::milliseconds patience) {
    if (complete_) co_return std::string_view{};
    if (!connection_) fail(client_errc::truncated, "it has failed before");
    if (!coding_.empty() && !names_coding(codings_wanted_, coding_))
        fail(client_errc::unknown_coding, coding_);
    for (;;) {
        auto step = parser_.parse(input_, head_);
        if (step == parse_step::need_input && at_end_) step = parser_.end();
        switch (step) {
        case parse_step::body: co_return parser_.body_piece();
        case parse_step::complete: release(); co_return std::string_view{};
        case parse_step::refused: refuse(parser_);
        default: break;
        }
        std::optional<connection_failure> failure;
        try {
            co_await more_input(patience, client_errc::idle_timeout);
        } catch (connection_failure& f) {
            failure = std::move(f);
        }
        if (failure) fail(failure->code, failure->words);
    }
}

/// The response is complete: the connection may serve the next request.
void exchange_in_flight::release() {
    complete_ = true;
    deadline_.stop();
    auto idle = std::exchange(connection_, nullptr);
    if (parser_.keep_alive() && !cut_short_ && input_.empty() && !at_end_ && !deadline_.passed())
        core_->pool().put(place_, std::move(idle), keep_alive_time(head_.fields));
}

task<std::string> exchange_in_flight::bytes() {
    std::string all;
    const auto most = core_->options().max_body;
    if (parser_.content_length().value_or(0) > most) fail(client_errc::body_too_large);
    for (;;) {
        const auto piece = co_await read();
        if (piece.empty()) break;
        if (piece.size() > most - all.size()) fail(client_errc::body_too_large);
        all += piece;
    }
    co_return all;
}

task<void> exchange_in_flight::discard() {
    if (parser_.content_length().value_or(worth_reading + 1) > worth_reading) co_return;
    const auto began = clock::now();
    try {
        for (;;) {
            const auto piece = co_await read_within(left_of(worth_waiting, began));
            if (piece.empty()) break;
        }
    } catch (const error&) {
        connection_.reset(); // the next request gets another one
    }
}

bool exchange_in_flight::is_event_stream() const noexcept {
    return is_stream_status(method_, head_.status) &&
           is_event_stream_type(head_.fields.find("content-type").value_or(""));
}

decoded exchange_in_flight::decode() {
    try {
        return decoder_->next(undecoded_);
    } catch (const error& e) {
        undecoded_ = {};
        fail(e.code()); // says what was asked for
    }
}

task<const message*> exchange_in_flight::next() {
    if (!decoder_) {
        if (!is_stream_status(method_, head_.status))
            fail(client_errc::bad_status, fmt::format("{}", static_cast<unsigned>(head_.status)));
        if (!is_event_stream())
            fail(client_errc::wrong_media_type, head_.fields.find("content-type").value_or("none"));
        if (!coding_.empty()) fail(client_errc::unknown_coding, coding_);
        decoder_.emplace(core_->options().events);
    }
    for (;;) {
        while (!undecoded_.empty())
            if (decode() == decoded::message && !is_checkpoint(decoder_->current()))
                co_return &decoder_->current();
        undecoded_ = co_await read();
        if (undecoded_.empty()) co_return nullptr;
    }
}

} // namespace rill::detail
