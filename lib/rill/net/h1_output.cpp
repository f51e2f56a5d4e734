// What goes out over a connection: heads, chunks, and what the peer does not take at once.
#include <rill/coro/detail/feed.hpp>
#include <rill/net/detail/h1_session.hpp>

#include <asio/post.hpp>

#include <array>
#include <utility>

namespace rill::detail {
namespace {

// A stream's head, the size of its chunk, a batch of shared pieces, and what ends the chunk.
static_assert(transport::most_pieces >= 3 + feed::batch::most);

/// What is left of `piece` when `sent` bytes from its beginning on have gone; takes its size off `sent`.
std::string_view behind(std::string_view piece, std::size_t& sent) noexcept {
    const auto gone = std::min(sent, piece.size());
    sent -= gone;
    return piece.substr(gone);
}

} // namespace

void h1_session::respond(const response_head& head, std::string_view body) {
    if (phase_ == phase::closed) return;
    keep_alive_ = may_keep_alive();
    auto text = shard_.lend();
    const auto& asked = request_access::head(request_);
    write_head(text, head, framing::fixed(body.size()), asked.version, keep_alive_, shard_.date());
    const bool bodiless = asked.method == method::head || !may_have_body(head.status);
    send(std::array{std::string_view{text}, bodiless ? std::string_view{} : body});
    shard_.give_back(std::move(text));
    answered();
}

void h1_session::start(const response_head& head) {
    const auto& asked = request_access::head(request_);
    chunked_ = asked.version == version::http_1_1;
    keep_alive_ = chunked_ && may_keep_alive();
    continue_due_ = false; // an interim response stands before the answer, not inside it (RFC 9110 §15.2)
    const auto how = chunked_ ? framing::chunked() : framing::until_close();
    pending_head_ = shard_.lend();
    write_head(pending_head_, head, how, asked.version, keep_alive_, shard_.date());
    // A stream may be open for days: it keeps what its handler can ask for and nothing else.
    if (body_state_ != body_state::complete) return;
    parser_.reset();
    request_access::head(request_).shrink_to_fit();
}

void h1_session::write(std::string_view bytes) {
    if (bytes.empty()) return;
    write_chunk(bytes.size(), bytes, {});
}

void h1_session::write(std::span<const shared_bytes> pieces) {
    std::size_t size = 0;
    for (const auto& piece : pieces) size += piece.bytes.size();
    if (size > 0) write_chunk(size, {}, pieces);
}

/// All of the one or all of the other, as one chunk, or as it is where the connection's end is the stream's.
void h1_session::write_chunk(std::size_t size, std::string_view bytes, std::span<const shared_bytes> pieces) {
    if (phase_ != phase::answering) return;
    const chunk_header line{size};
    send(std::array{std::string_view{pending_head_}, chunked_ ? line.view() : std::string_view{}, bytes},
         pieces, chunked_ ? chunk_end : std::string_view{});
    shard_.give_back(std::move(pending_head_));
}

void h1_session::end() {
    if (phase_ != phase::answering) return;
    const bool whole = chunked_ && request_.method() != method::head;
    if (whole || !pending_head_.empty())
        send(std::array{std::string_view{pending_head_}, whole ? last_chunk : std::string_view{}});
    shard_.give_back(std::move(pending_head_));
    answered();
}

void h1_session::abort() {
    if (phase_ != phase::answering) return;
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
    if (backlog() == 0 && !(processing_ && !input_.empty())) {
        std::array<std::string_view, transport::most_pieces> all;
        auto* end = std::ranges::copy(front, all.begin()).out;
        end = std::ranges::transform(shared, end, &shared_bytes::bytes).out;
        *end++ = back;
        const auto put = transport_->write_some({all.begin(), end});
        if (put.status == transport::status::ended) return give_up();
        sent = put.bytes;
    }
    for (const auto piece : front) outbox_.append(behind(piece, sent));
    for (const auto& piece : shared)
        if (const auto rest = behind(piece.bytes, sent); !rest.empty())
            outbox_.append(shared_bytes{piece.owner, rest});
    outbox_.append(behind(back, sent));
    if (backlog() > 0 && !processing_) wait_to_send();
}

/// From the event loop, since a handler may be on the stack.
void h1_session::give_up() {
    asio::post(shard_.context(), [self = shared_from_this()] { self->close(false); });
}

void h1_session::wait_to_send() {
    if (writing_) return;
    writing_ = true;
    const auto& bounds = shard_.common().bounds;
    arm(shard_.draining() ? bounds.linger : bounds.write_timeout);
    transport_->wait_writable(shared_from_this());
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
    if (phase_ == phase::answering) return answer_.on_drained();
    if (!inbox_.empty()) return process_inbox_soon();
    watch();
}

} // namespace rill::detail
