// What comes in: the phases of a connection, its requests and their bodies. What goes out is in
// h1_output.cpp.
#include <rill/net/detail/h1_session.hpp>

#include <asio/error.hpp>
#include <asio/post.hpp>

#include <system_error>
#include <utility>

namespace rill::detail {
namespace {

/// What is kept of what a client sends ahead while an answer is under way: requests to come, none looked at
/// yet.
constexpr std::size_t inbox_bound = 64 * 1024;

/// The most that is read of a body which its handler did not want, so that the connection can go on.
constexpr std::uint64_t worth_discarding = 64 * 1024;

} // namespace

h1_session::h1_session(shard& shard, std::unique_ptr<transport> connection)
    : shard_{shard},
      transport_{std::move(connection)},
      request_{request_access::make(*this, shard.common().bounds)},
      answer_{shard, *this} {
    shard_.enlist(*this);
}

h1_session::~h1_session() {
    shard_.delist(*this);
}

void h1_session::begin() {
    parser_ = std::make_unique<request_parser>(shard_.common().bounds);
    arm(shard_.common().bounds.idle_timeout);
    watch();
}

void h1_session::drain() {
    switch (phase_) {
    case phase::reading_head:
        if (!parser_->started() && inbox_.empty()) begin_close();
        break;
    case phase::answering: answer_.on_drain(); break;
    case phase::discarding: begin_close(); break;
    default: break; // it closes anyway
    }
    // Who has begun to ask or to read may go on, but nobody who stands still keeps the server.
    if (backlog() > 0 || (phase_ == phase::reading_head && parser_->started()))
        arm(shard_.common().bounds.linger);
}

void h1_session::close(bool reset) noexcept {
    if (phase_ == phase::closed) return;
    phase_ = phase::closed;
    disarm();
    transport_->close(reset);
    answer_.on_gone();
    if (body_done_) body_done_->notify();
}

void h1_session::watch() {
    if (reading_ || phase_ == phase::closed || peer_ended_) return;
    if (phase_ == phase::reading_head && backlog() > 0) return; // who does not take answers need not ask more
    reading_ = true;
    transport_->wait_readable(shared_from_this());
}

void h1_session::on_readable() {
    reading_ = false;
    if (phase_ == phase::closed) return;
    const auto space = shard_.input();
    const auto got = transport_->read_some(space);
    switch (got.status) {
    case transport::status::blocked: break;
    case transport::status::ended: return on_end();
    case transport::status::moved: take({space.data(), got.bytes}); break;
    }
    watch();
}

/// The peer sends no more, or is gone. Half-closed or not, nobody can tell: whose handler still works, is
/// done. The requests that came before are answered as far as that needs no waiting: `process` comes back
/// here.
void h1_session::on_end() {
    peer_ended_ = true;
    if (phase_ == phase::closed || (phase_ == phase::reading_head && !inbox_.empty())) return;
    if (phase_ == phase::answering || phase_ == phase::lingering || backlog() == 0) return close(false);
    phase_ = phase::closing;
}

void h1_session::take(std::string_view bytes) {
    if (phase_ == phase::closing || phase_ == phase::lingering) return;
    if (phase_ == phase::answering && body_state_ != body_state::incomplete) return keep_for_later(bytes);
    if (inbox_.empty()) return process(bytes);
    inbox_.append(bytes);
    process_inbox();
}

/// Requests behind the one that is being answered. A client that sends more of them than is kept is not
/// stopped, since then its leaving would not be noticed: none of them is answered, and it may ask again (RFC
/// 9112 §9.3.2).
void h1_session::keep_for_later(std::string_view bytes) {
    if (inbox_.size() + bytes.size() > inbox_bound) keep_alive_ = false;
    if (keep_alive_)
        inbox_.append(bytes);
    else
        inbox_ = {};
}

void h1_session::process_inbox() {
    const auto waiting = std::exchange(inbox_, {});
    process(waiting);
}

/// From the event loop, since a handler may be on the stack, and since others want their turn.
void h1_session::process_inbox_soon() {
    asio::post(shard_.context(), [self = shared_from_this()] {
        if (self->phase_ == phase::closed) return;
        self->process_inbox();
        self->watch();
    });
}

/// Goes through `bytes` as far as the answers allow, since the next request waits for the one before it; what
/// is left is in the inbox.
void h1_session::process(std::string_view bytes) {
    input_ = bytes;
    processing_ = true;
    for (bool going = true; going;) {
        if (phase_ == phase::reading_head && backlog() >= shard_.common().bounds.write_buffer) break;
        const auto before = input_.size();
        switch (phase_) {
        case phase::reading_head: read_head(); break;
        case phase::answering:
            if (body_state_ == body_state::incomplete) receive_body();
            break;
        case phase::discarding:
            receive_body();
            if (body_state_ == body_state::complete) next_request();
            if (body_state_ == body_state::failed) begin_close();
            break;
        default: input_ = {};
        }
        going = !input_.empty() && input_.size() != before;
    }
    processing_ = false;
    const auto left = std::exchange(input_, {});
    if (phase_ == phase::answering)
        keep_for_later(left);
    else
        inbox_.assign(left);
    if (backlog() > 0 && !writing_) send_outbox();
    // Behind what a handler that answers without waiting has posted.
    if (peer_ended_) asio::post(shard_.context(), [self = shared_from_this()] { self->on_end(); });
}

void h1_session::read_head() {
    switch (parser_->parse(input_, request_access::head(request_))) {
    case parse_step::need_input:
        if (parser_->started() && !std::exchange(head_started_, true)) arm_for_phase();
        break;
    case parse_step::head: begin_answer(); break;
    case parse_step::refused: refuse(parser_->refused()); break;
    default: break;
    }
}

void h1_session::begin_answer() {
    const auto& common = shard_.common();
    phase_ = phase::answering;
    keep_alive_ = parser_->keep_alive();
    body_state_ = body_state::incomplete;
    continue_due_ = parser_->expects_continue();
    arm_for_phase();
    common.routes.match(request_);
    const auto* route = request_access::matched(request_);
    parser_->body_limit(route ? route->options.max_body.value_or(common.bounds.max_body)
                              : common.bounds.max_body);
    receive_body();
    if (body_failure_)
        refuse(*body_failure_);
    else
        answer_.begin(request_);
}

/// Takes what has come of the body, asked for or not: its limit bounds it. That of a discarded one is
/// dropped.
void h1_session::receive_body() {
    for (;;) {
        switch (parser_->parse(input_, request_access::head(request_))) {
        case parse_step::body:
            continue_due_ = false;
            if (phase_ == phase::answering) body_.append(parser_->body_piece());
            continue;
        case parse_step::complete:
            body_state_ = body_state::complete;
            continue_due_ = false;
            break;
        case parse_step::refused:
            body_state_ = body_state::failed;
            body_failure_ = parser_->refused();
            input_ = {};
            break;
        default: // more is to come
            if (body_wanted_) arm_for_phase();
            return;
        }
        break;
    }
    if (!std::exchange(body_wanted_, false)) return;
    arm_for_phase();
    body_done_->notify();
}

task<std::string> h1_session::read_body() {
    ++body_reads_;
    if (body_state_ == body_state::incomplete && phase_ == phase::answering) {
        body_wanted_ = true;
        if (!body_done_) body_done_ = std::make_unique<signal>();
        if (std::exchange(continue_due_, false)) send(std::array{continue_100});
        arm_for_phase();
        co_await body_done_->wait();
        answer_.flush_soon(); // what the handler waits for now is something else
    }
    if (body_failure_) throw http_error{body_failure_->status, body_failure_->reason};
    if (body_state_ != body_state::complete) throw std::system_error{asio::error::operation_aborted};
    co_return std::move(body_);
}

/// Answers what cannot be answered by a handler; the connection closes after it (RFC 9112 §11.2).
void h1_session::refuse(const refusal& why) {
    phase_ = phase::answering;
    keep_alive_ = false;
    input_ = {};
    response_head head{why.status};
    head.fields.add("Content-Type", "text/plain; charset=utf-8");
    respond(head, why.reason);
}

void h1_session::on_timer() noexcept {
    const auto self = shared_from_this();
    if (backlog() > 0) return close(true); // the peer takes nothing any more
    switch (phase_) {
    case phase::reading_head:
        if (head_started_)
            refuse({status::request_timeout, "the head came too slowly"});
        else
            begin_close();
        break;
    case phase::answering:
        if (!std::exchange(body_wanted_, false)) return;
        body_state_ = body_state::failed;
        body_failure_ = refusal{status::request_timeout, "the body came too slowly"};
        body_done_->notify();
        break;
    case phase::discarding: begin_close(); break;
    default: close(false);
    }
}

/// Sets the timer to what the phase waits for, unless the peer has to take something first: that is timed
/// already.
void h1_session::arm_for_phase() {
    if (writing_) return;
    const auto& bounds = shard_.common().bounds;
    disarm();
    switch (phase_) {
    case phase::reading_head: arm(head_started_ ? bounds.head_timeout : bounds.idle_timeout); break;
    case phase::answering:
        if (body_wanted_) arm(bounds.body_timeout);
        break;
    case phase::discarding: arm(bounds.body_timeout); break;
    case phase::lingering:
        // While the server drains nobody has a request to lose: a short grace is enough.
        arm(shard_.draining() ? bounds.linger / 4 : bounds.linger);
        break;
    case phase::closing:
    case phase::closed: break;
    }
}

/// Whether the connection can go on after this answer: a body that is still to come must be small, and on its
/// way.
bool h1_session::may_keep_alive() const noexcept {
    if (!keep_alive_ || shard_.draining() || body_state_ == body_state::failed) return false;
    if (body_state_ == body_state::complete) return true;
    const auto length = parser_->content_length();
    return !continue_due_ && length && *length <= worth_discarding;
}

/// The answer is written, to the peer or to the outbox.
void h1_session::answered() {
    if (!keep_alive_ || shard_.draining()) return begin_close();
    if (body_state_ == body_state::complete) {
        next_request();
    } else {
        phase_ = phase::discarding;
        body_wanted_ = false;
        arm_for_phase();
    }
    if (!processing_) process_inbox_soon();
}

void h1_session::next_request() {
    phase_ = phase::reading_head;
    head_started_ = false;
    body_failure_.reset();
    body_ = {};
    if (parser_)
        parser_->reset();
    else
        parser_ = std::make_unique<request_parser>(shard_.common().bounds);
    if (backlog() == 0) arm_for_phase();
}

void h1_session::begin_close() {
    phase_ = phase::closing;
    input_ = {};
    inbox_ = {};
    if (backlog() == 0) linger();
}

void h1_session::linger() {
    if (peer_ended_) return close(false);
    phase_ = phase::lingering;
    transport_->shutdown_write();
    arm_for_phase();
    watch();
}

} // namespace rill::detail
