// What comes in over a connection: requests, their bodies, and what the client sends ahead.
#include <rill/http/serializer.hpp>
#include <rill/net/detail/h1_conversation.hpp>

#include <asio/error.hpp>
#include <asio/post.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <new>
#include <system_error>
#include <utility>

namespace rill::detail {
namespace {

/// What is kept of what a client sends ahead while an answer is under way: requests to come, none looked at
/// yet.
constexpr std::size_t inbox_bound = 64 * 1024;

/// The most that is read of a body which its handler did not want, so that the connection can go on.
constexpr std::uint64_t worth_discarding = 64 * 1024;

/// Seconds until who was refused a body for the sake of others may try again.
constexpr std::string_view retry_after = "5";

http_error error_for(const refusal& why) {
    http_error error{why.status, why.reason};
    if (why.status == status::service_unavailable) return std::move(error).with("Retry-After", retry_after);
    return error;
}

} // namespace

h1_conversation::h1_conversation(h1_session& session)
    : session_{session},
      request_{request_access::make(*this, session.shard_.common().bounds)},
      answer_{session.shard_, session},
      share_{session.shard_.common()} {}

void h1_conversation::expect_request() {
    const bool known = parser_.has_value();
    try {
        if (!known) parser_.emplace(session_.shard_.common().bounds);
    } catch (const std::bad_alloc&) { // nor is there any for a request
        return session_.begin_close();
    }
    session_.phase_ = phase::reading_head;
    head_started_ = false;
    request_due_ = handler_due_ = time_point::max();
    body_failure_.reset();
    std::string{}.swap(body_); // to assign {} would leave the memory
    if (known)
        parser_->reset();
    else if (session_.transport_->local())
        parser_->take_empty_host();
    if (session_.backlog() == 0) session_.arm_for_phase();
}

void h1_conversation::answered() {
    if (body_state_ == body_state::complete) {
        expect_request();
    } else {
        session_.phase_ = phase::discarding;
        body_wanted_ = false;
        std::string{}.swap(body_); // nobody reads what has come of it
        share_.release();
        session_.arm_for_phase();
    }
    if (!processing_) session_.process_inbox_soon();
}

void h1_conversation::take(std::string_view bytes) {
    if (session_.phase_ == phase::answering && body_state_ != body_state::incomplete)
        return keep_for_later(bytes);
    if (inbox_.empty()) return process(bytes);
    inbox_.append(bytes);
    process_inbox();
}

/// Requests behind the one that is being answered. A client that sends more of them than is kept is not
/// stopped, since then its leaving would not be noticed: none of them is answered, and it may ask again (RFC
/// 9112 §9.3.2).
void h1_conversation::keep_for_later(std::string_view bytes) {
    if (inbox_.size() + bytes.size() > inbox_bound) session_.keep_alive_ = false;
    if (session_.keep_alive_)
        inbox_.append(bytes);
    else
        std::string{}.swap(inbox_);
}

void h1_conversation::process_inbox() {
    const auto waiting = std::exchange(inbox_, {});
    process(waiting);
}

void h1_conversation::drop_input() noexcept {
    input_ = {};
    std::string{}.swap(inbox_);
}

/// Goes through `bytes` as far as the answers allow, since the next request waits for the one before it; what
/// is left is in the inbox.
void h1_conversation::process(std::string_view bytes) {
    const auto& phase_now = session_.phase_;
    input_ = bytes;
    processing_ = true;
    for (bool going = true; going;) {
        if (phase_now == phase::reading_head &&
            session_.backlog() >= session_.shard_.common().bounds.write_buffer)
            break;
        const auto before = input_.size();
        switch (phase_now) {
        case phase::reading_head: read_head(); break;
        case phase::answering:
            if (body_state_ == body_state::incomplete) receive_body();
            break;
        case phase::discarding:
            receive_body();
            if (body_state_ == body_state::complete) expect_request();
            if (body_state_ == body_state::failed) session_.begin_close();
            break;
        default: input_ = {};
        }
        going = !input_.empty() && input_.size() != before;
    }
    processing_ = false;
    const auto left = std::exchange(input_, {});
    if (phase_now == phase::answering)
        keep_for_later(left);
    else
        inbox_.assign(left);
    session_.processed();
}

void h1_conversation::read_head() {
    switch (parser_->parse(input_, request_access::head(request_))) {
    case parse_step::need_input:
        if (parser_->started() && !std::exchange(head_started_, true)) {
            request_begins();
            session_.arm_for_phase();
        }
        break;
    case parse_step::head: begin_answer(); break;
    case parse_step::refused: refuse(parser_->refused()); break;
    default: break;
    }
}

void h1_conversation::begin_answer() {
    const auto& common = session_.shard_.common();
    session_.phase_ = phase::answering;
    session_.asked_ = true;
    session_.keep_alive_ = parser_->keep_alive();
    if (const auto most = common.bounds.max_requests; most > 0 && ++session_.bounds().requests >= most) {
        session_.keep_alive_ = false;
        common.counted.over_requests.fetch_add(1, std::memory_order_relaxed);
    }
    if (!head_started_) request_begins();
    body_state_ = body_state::incomplete;
    continue_due_ = parser_->expects_continue();
    session_.arm_for_phase();
    if (const auto* const reason = session_.turned_away()) {
        session_.keep_alive_ = false;
        return answer_.turn_away(request_, reason);
    }
    common.routes.match(request_);
    const auto* route = request_access::matched(request_);
    parser_->body_limit(route ? route->options.max_body.value_or(common.bounds.max_body)
                              : common.bounds.max_body);
    receive_body();
    if (body_failure_) return refuse(*body_failure_);
    switch (session_.transport_->peer()) {
    case transport::peer_state::gone: return session_.close(false);
    case transport::peer_state::finished:
        answers_later_ = true;
        return session_.shard_.answer_later(session_.shared_from_this());
    case transport::peer_state::there: begin_handler();
    }
}

void h1_conversation::answer_now() {
    answers_later_ = false;
    static_cast<void>(session_.shard_.timers().recently()); // the handler's time counts from here
    begin_handler();
}

void h1_conversation::begin_handler() {
    answer_.begin(request_);
    const auto most = session_.shard_.common().bounds.handler_timeout;
    if (most <= most.zero() || !answer_.is_due()) return;
    handler_due_ = session_.shard_.timers().recently() + most;
    session_.arm_for_phase();
}

/// The time that a whole request may take begins now.
void h1_conversation::request_begins() noexcept {
    const auto most = session_.shard_.common().bounds.request_timeout;
    if (most > most.zero()) request_due_ = session_.shard_.timers().recently() + most;
}

/// A request that comes too slowly is answered 408.
refusal h1_conversation::too_slow(std::string_view reason) const noexcept {
    session_.shard_.common().counted.slow_requests.fetch_add(1, std::memory_order_relaxed);
    return {status::request_timeout, reason};
}

/// Takes what has come of the body, asked for or not: its limit bounds it. That of a discarded one is
/// dropped.
void h1_conversation::receive_body() {
    std::size_t received = 0;
    for (;;) {
        switch (parser_->parse(input_, request_access::head(request_))) {
        case parse_step::body:
            continue_due_ = false;
            received += parser_->body_piece().size();
            if (session_.phase_ == phase::answering) body_.append(parser_->body_piece());
            continue;
        case parse_step::complete:
            body_state_ = body_state::complete;
            continue_due_ = false;
            share_.release(); // it is the handler's now
            break;
        case parse_step::refused: fail_body(parser_->refused()); break;
        default: // more is to come
            if (!share_.hold(body_.capacity())) {
                fail_body({status::service_unavailable, "too many bodies are under way"});
                break;
            }
            if (!body_wanted_) return;
            credit(received);
            return session_.arm_for_phase();
        }
        break;
    }
    if (!std::exchange(body_wanted_, false)) return;
    session_.arm_for_phase();
    body_done_->notify();
}

void h1_conversation::fail_body(const refusal& why) noexcept {
    body_state_ = body_state::failed;
    body_failure_ = why;
    input_ = {};
    std::string{}.swap(body_);
    share_.release();
}

/// Puts off the moment at which the client is too slow by the time that it has for so many bytes.
void h1_conversation::credit(std::size_t bytes) noexcept {
    const auto& bounds = session_.shard_.common().bounds;
    const auto latest =
        session_.shard_.timers().recently() + std::min<duration>(bounds.body_timeout, std::chrono::years{1});
    if (bounds.body_rate == 0)
        body_due_ = latest;
    else
        body_due_ =
            std::min(body_due_ + std::chrono::microseconds{bytes * 1'000'000 / bounds.body_rate}, latest);
}

task<std::string> h1_conversation::read_body() {
    ++body_reads_;
    if (body_state_ == body_state::incomplete && session_.phase_ == phase::answering) {
        body_wanted_ = true;
        if (!body_done_) body_done_ = std::make_unique<signal>();
        if (std::exchange(continue_due_, false)) session_.send(std::array{continue_100});
        body_due_ = session_.shard_.timers().recently() + session_.shard_.common().bounds.body_grace;
        credit(body_.size());
        session_.arm_for_phase();
        co_await body_done_->wait();
        answer_.flush_soon(); // what the handler waits for now is something else
    }
    if (body_failure_) throw error_for(*body_failure_);
    if (body_state_ != body_state::complete) throw std::system_error{asio::error::operation_aborted};
    co_return std::move(body_);
}

std::string h1_conversation::remote_address() const {
    return session_.transport_->remote_address();
}

bool h1_conversation::secure() const noexcept {
    return session_.transport_->secure();
}

bool h1_conversation::stopping() const noexcept {
    return session_.shard_.draining() || session_.shard_.common().stopping.load(std::memory_order_relaxed);
}

const proxy_trust* h1_conversation::trust() const noexcept {
    const auto& trust = session_.shard_.common().trust;
    return trust.proxies.empty() ? nullptr : &trust;
}

connection_ends h1_conversation::ends() const {
    return session_.transport_->ends();
}

/// Answers what cannot be answered by a handler; the connection closes after it (RFC 9112 §11.2).
void h1_conversation::refuse(const refusal& why) {
    session_.phase_ = phase::answering;
    session_.keep_alive_ = false;
    input_ = {};
    response_head head{why.status};
    head.fields.add("Content-Type", "text/plain; charset=utf-8");
    if (why.status == status::service_unavailable) head.fields.add("Retry-After", retry_after);
    session_.respond(head, why.reason);
}

duration h1_conversation::patience() const noexcept {
    auto& shard = session_.shard_;
    const auto& bounds = shard.common().bounds;
    if (session_.phase_ == phase::answering && !body_wanted_ && handler_due_ == time_point::max())
        return duration::max(); // as for most requests
    const auto left_until = [&](time_point due) {
        return due == time_point::max() ? duration::max() : due - shard.timers().recently();
    };
    switch (session_.phase_) {
    case phase::reading_head:
        if (session_.turned_away()) return bounds.linger;
        if (head_started_) return std::min<duration>(bounds.head_timeout, left_until(request_due_));
        return session_.asked_ ? bounds.idle_timeout : bounds.first_request_timeout;
    case phase::answering: {
        auto left = duration::max();
        if (answer_.is_due()) left = left_until(handler_due_);
        if (!body_wanted_) return left;
        if (shard.draining()) left = std::min<duration>(left, bounds.linger);
        return std::min(left, left_until(std::min(body_due_, request_due_)));
    }
    default: return bounds.body_timeout;
    }
}

void h1_conversation::on_timeout() {
    switch (session_.phase_) {
    case phase::reading_head:
        if (head_started_)
            refuse(too_slow("the head came too slowly"));
        else
            session_.begin_close();
        break;
    case phase::answering:
        if (answer_.is_due() && session_.shard_.timers().now() >= handler_due_) {
            session_.keep_alive_ = false;
            session_.shard_.common().counted.slow_handlers.fetch_add(1, std::memory_order_relaxed);
            answer_.time_out();
        } else if (std::exchange(body_wanted_, false)) {
            fail_body(too_slow("the body came too slowly"));
            body_done_->notify();
        }
        break;
    default: session_.begin_close();
    }
}

void h1_conversation::on_drain() {
    switch (session_.phase_) {
    case phase::reading_head:
        if (!parser_->started() && inbox_.empty()) session_.begin_close();
        break;
    case phase::answering: answer_.on_drain(); break;
    default: session_.begin_close();
    }
}

void h1_conversation::on_gone() {
    answer_.on_gone();
    share_.release();
    if (body_done_) body_done_->notify();
}

bool h1_conversation::may_keep_alive() const noexcept {
    if (body_state_ == body_state::failed) return false;
    if (body_state_ == body_state::complete) return true;
    const auto length = parser_->content_length();
    return !continue_due_ && length && *length <= worth_discarding;
}

void h1_conversation::stream_begins() {
    continue_due_ = false; // an interim response stands before the answer, not inside it (RFC 9110 §15.2)
    if (body_state_ != body_state::complete) return;
    parser_.reset();
    request_access::head(request_).shrink_to_fit();
}

} // namespace rill::detail
