// What goes out over a connection: heads, chunks, and what the peer does not take at once.
#include <rill/coro/detail/feed.hpp>
#include <rill/http/serializer.hpp>
#include <rill/net/detail/h1_conversation.hpp>
#include <rill/net/detail/h1_session.hpp>
#include <rill/net/detail/parked_stream.hpp>

#include <asio/post.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <string>
#include <utility>

namespace rill::detail {
namespace {

// A stream's head, the size of its chunk, a batch of shared pieces, and what ends the chunk.
static_assert(transport::most_pieces >= 3 + feed::batch::most);

/// The bytes of an answer, but for what `write_head` adds, up to which it may wait for others.
constexpr std::size_t worth_copying = 4096;

/// How often progress is looked for in the time that a peer has for it.
constexpr int looks = 4;

/// What is left of `piece` when `sent` bytes from its beginning on have gone; takes its size off `sent`.
std::string_view behind(std::string_view piece, std::size_t& sent) noexcept {
    const auto gone = std::min(sent, piece.size());
    sent -= gone;
    return piece.substr(gone);
}

std::string nothing_taken_for(std::chrono::milliseconds time) {
    return fmt::format("it has taken nothing for {:.1f} s", std::chrono::duration<double>{time}.count());
}

} // namespace

unsigned h1_session::body_reads() const noexcept {
    return conversation_->body_reads();
}

bool h1_session::awaits_body() const noexcept {
    return conversation_->awaits_body();
}

/// Whether the connection can go on after this answer.
bool h1_session::may_keep_alive() const noexcept {
    return keep_alive_ && !shard_.draining() && conversation_->may_keep_alive();
}

void h1_session::respond(const response_head& head, std::string_view body) {
    if (phase_ == phase::closing || phase_ == phase::lingering || phase_ == phase::closed) return;
    if (phase_ != phase::answering) return begin_close(); // it is answered; what came behind that has failed
    keep_alive_ = may_keep_alive();
    const auto& asked = conversation_->head();
    const auto how = framing::fixed(body.size());
    if (asked.method == method::head || !may_have_body(head.status)) body = {};
    if (may_wait(head, body)) {
        auto& answers = shard_.round().answers();
        const auto begin = answers.size();
        write_head(answers, head, how, asked.version, keep_alive_, shard_.date(), shard_.keep_alive_fields());
        answers.append(body);
        shard_.round().answered(*this, begin);
        answer_waits_ = true;
    } else {
        auto text = shard_.lend();
        write_head(text, head, how, asked.version, keep_alive_, shard_.date(), shard_.keep_alive_fields());
        send(std::array{std::string_view{text}, body});
        shard_.give_back(std::move(text));
    }
    answered();
}

/// Whether an answer is to wait until the others of the round are answered: if there is not much to copy.
bool h1_session::may_wait(const response_head& head, std::string_view body) const noexcept {
    return shard_.round().answering() && conversation_->processing() && !conversation_->processing_more() &&
           !unsent() && head.fields.bytes() + body.size() <= worth_copying;
}

void h1_session::send_answer(std::string_view bytes) {
    answer_waits_ = false;
    if (phase_ == phase::closed) return;
    const auto put = transport_->write_some({&bytes, 1});
    if (put.status == transport::status::ended) return give_up();
    try {
        outbox_.append(bytes.substr(put.bytes));
    } catch (...) {
        break_off();
        throw;
    }
    if (backlog() > 0) return wait_to_send();
    if (phase_ == phase::closing) linger();
}

void h1_session::start(const response_head& head) {
    const auto& asked = conversation_->head();
    const bool current = asked.version == version::http_1_1;
    chunked_ = current && asked.method != method::head;
    keep_alive_ = current && may_keep_alive();
    const auto how = current ? framing::chunked() : framing::until_close();
    auto text = shard_.lend();
    write_head(text, head, how, asked.version, keep_alive_, shard_.date());
    conversation_->pending_head = std::move(text);
    conversation_->stream_begins();
}

std::string h1_session::take_pending_head() noexcept {
    return conversation_ ? std::exchange(conversation_->pending_head, {}) : std::string{};
}

/// One chunk, or the bytes as they are where the connection's end is the stream's.
void h1_session::write(std::string_view bytes, std::span<const shared_bytes> pieces) {
    auto size = bytes.size();
    for (const auto& piece : pieces) size += piece.bytes.size();
    if (phase_ != phase::answering || size == 0) return;
    const chunk_header line{size};
    auto head = take_pending_head();
    send(std::array{std::string_view{head}, chunked_ ? line.view() : std::string_view{}, bytes}, pieces,
         chunked_ ? chunk_end : std::string_view{});
    if (!head.empty()) shard_.give_back(std::move(head));
}

void h1_session::end() {
    if (phase_ != phase::answering) return;
    auto head = take_pending_head();
    if (chunked_ || !head.empty())
        send(std::array{std::string_view{head}, chunked_ ? last_chunk : std::string_view{}});
    shard_.give_back(std::move(head));
    answered();
}

void h1_session::abort() {
    if (phase_ != phase::answering) return;
    end_stream_bounds();
    unpark();
    keep_alive_ = false;
    if (chunked_)
        begin_close(); // without the last chunk the peer knows
    else
        close(true); // only a reset tells it from the end of the body
}

/// One system call if the peer takes all of it, and none while it takes nothing, or while more input waits to
/// be answered. What it does not take is copied, but for the shared pieces.
void h1_session::send(std::span<const std::string_view> front, std::span<const shared_bytes> shared,
                      std::string_view back) {
    std::size_t sent = 0;
    assert(!answer_waits_); // nothing is read before the round has sent that
    if (backlog() == 0 && !(conversation_ && conversation_->processing_more())) {
        std::array<std::string_view, transport::most_pieces> all;
        std::size_t count = 0, size = 0;
        const auto add = [&](std::string_view piece) {
            if (piece.empty()) return;
            all[count++] = piece;
            size += piece.size();
        };
        std::ranges::for_each(front, add);
        for (const auto& piece : shared) add(piece.bytes);
        add(back);
        const auto put = transport_->write_some(std::span{all}.first(count));
        if (put.status == transport::status::ended) return give_up();
        if (put.bytes == size) return;
        sent = put.bytes;
    }
    try {
        for (const auto piece : front) outbox_.append(behind(piece, sent));
        for (const auto& piece : shared)
            if (const auto rest = behind(piece.bytes, sent); !rest.empty())
                outbox_.append(shared_bytes{piece.owner, rest});
        outbox_.append(behind(back, sent));
    } catch (...) {
        break_off();
        throw;
    }
    if (backlog() > 0 && !(conversation_ && conversation_->processing())) wait_to_send();
}

/// There is no memory for the rest of what was begun: nothing may be written behind it. The session learns of
/// it by its wait, since a handler may be on the stack.
void h1_session::break_off() noexcept {
    transport_->close(true);
}

/// From the event loop, since a handler may be on the stack.
void h1_session::give_up() {
    asio::post(shard_.context(), [self = shared_from_this()] { self->close(false); });
}

void h1_session::wait_to_send() {
    if (writing_) return;
    writing_ = true;
    const auto& bounds = shard_.common().bounds;
    outbox_.last_look() = {transport_->unacknowledged(), shard_.timers().recently()};
    arm(shard_.draining() ? bounds.linger : bounds.write_timeout / looks);
    try {
        transport_->wait_writable(shared_from_this());
    } catch (...) {
        break_off();
        throw;
    }
}

/// Nothing could be written for a while. The peer may take what was written before all the same, so slowly
/// that the system does not say yet that there is room. While the server drains nobody waits for that.
void h1_session::on_stalled() {
    using std::chrono::milliseconds;
    if (shard_.draining()) return cut_now("the server drains");
    const auto bound = shard_.common().bounds.write_timeout;
    auto& seen = outbox_.last_look();
    const auto now = shard_.timers().recently();
    if (const auto left = transport_->unacknowledged(); left < seen.unacknowledged) seen = {left, now};
    const auto waited = std::chrono::duration_cast<milliseconds>(now - seen.since);
    if (waited >= bound) return cut_now(nothing_taken_for(waited));
    arm(std::min(bound / looks, bound - waited));
}

void h1_session::check_client() {
    const auto bound = shard_.common().bounds.write_timeout;
    if (transport_->unacknowledged() == 0 || !transport_->unanswered_for(bound)) return;
    cut(nothing_taken_for(bound));
}

void h1_session::cut(std::string_view why) {
    asio::post(shard_.context(),
               [self = shared_from_this(), reason = std::string{why}] { self->cut_now(reason); });
}

/// Ends the connection of a peer that is too slow, or dead.
void h1_session::cut_now(std::string_view why) {
    if (phase_ == phase::closed) return;
    shard_.log(log_level::warning,
               fmt::format("cut {}: {}, and {} bytes wait for it", transport_->remote_address(), why,
                           backlog() + transport_->unacknowledged()));
    shard_.count_cut();
    close(true);
}

void h1_session::on_writable() {
    writing_ = false;
    if (phase_ != phase::closed) send_outbox();
}

void h1_session::send_outbox() {
    std::array<std::string_view, transport::most_pieces> space;
    const auto put = transport_->write_some(outbox_.front(space));
    if (put.status == transport::status::ended) return give_up();
    outbox_.consume(put.bytes);
    if (backlog() > 0) return wait_to_send();
    on_outbox_empty();
}

void h1_session::on_outbox_empty() {
    if (phase_ == phase::closing) return linger();
    arm_for_phase();
    if (phase_ == phase::answering) return parked() ? parked()->on_drained() : conversation_->on_drained();
    if (!conversation_->inbox_empty()) return process_inbox_soon();
    watch();
}

} // namespace rill::detail
