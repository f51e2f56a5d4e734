#pragma once

#include <rill/base/detail/list.hpp>
#include <rill/net/detail/answer.hpp>
#include <rill/net/detail/outbox.hpp>
#include <rill/net/detail/session_bounds.hpp>
#include <rill/net/detail/shard.hpp>
#include <rill/net/detail/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rill::detail {

class h1_conversation;

/// One HTTP/1.1 connection of a shard (RFC 9112): reads requests, has each answered, writes the answers in
/// order.
///
///     reading_head ─▶ answering ─▶ (discarding) ─▶ reading_head ...
///          │              │              │
///          └──────────────┴──────────────┴──▶ closing ─▶ lingering ─▶ closed
///
/// `discarding` skips what is left of a body that the handler did not read; `closing` waits until the peer
/// has taken what is written; `lingering` has said that no more comes, and drops what the peer still sends,
/// since closing at once would reset the connection and might take the answer back with it.
///
/// A stream whose handler has nothing more to do is parked: what is left of it writes to the session by
/// itself, and the conversation is freed. When it ends, the connection goes on with a new one.
///
/// The socket is watched in every phase, so that a client that leaves is noticed while its handler waits.
///
/// Lifetime: waits of the transport and operations of the handler hold a `shared_ptr`; with the last of them
/// the session goes. `close` ends all waits, and has the handler cancelled.
class h1_session final : public std::enable_shared_from_this<h1_session>,
                         public list_hook<h1_session>,
                         public transport::observer,
                         answer_host,
                         timer_wheel::timer {
public:
    h1_session(shard& shard, std::unique_ptr<transport> connection);
    h1_session(const h1_session&) = delete;
    h1_session& operator=(const h1_session&) = delete;
    ~h1_session();

    /// To be called before `begin`: whatever is asked, the answer is 503 with this reason, which is a
    /// literal, and the connection closes.
    void turn_away(const char* reason);

    /// Starts reading.
    void begin();
    /// See `shard::drain`.
    void drain();
    /// Ends the connection at once, and the handler with it.
    void close(bool reset) noexcept;

    /// See `shard::answer_later`.
    void answer_at_last();
    /// What the handler of that number answers, if it is under way here.
    [[nodiscard]] const request* request_of(std::uint64_t handler) const noexcept;

    /// The stream under way has been open for as long as it may be. From a timer.
    void on_old_stream();

    [[nodiscard]] shard& home() noexcept override { return shard_; }

    // For the round.

    /// What was read is to be looked at, and then whether there is more.
    void on_received(std::string_view bytes);
    /// What has been answered is to be sent.
    void send_answer(std::string_view bytes);
    void prefetch_conversation() const noexcept;
    void prefetch_parser() const noexcept;
    void prefetch_transport() const noexcept;

private:
    friend shard;
    friend h1_conversation;
    enum class phase : std::uint8_t { reading_head, answering, discarding, closing, lingering, closed };

    // transport::observer
    void on_readable() override;
    void on_writable() override;

    // answer_host
    void respond(const response_head& head, std::string_view body) override;
    void start(const response_head& head) override;
    void write(std::string_view bytes, std::span<const shared_bytes> pieces) override;
    [[nodiscard]] std::size_t backlog() const noexcept override { return outbox_.size(); }
    void check_client() override;
    [[nodiscard]] bool may_be_proxy() noexcept override { return transport_->is_near(); }
    void end() override;
    void abort() override;
    void cut(std::string_view why) override;
    std::shared_ptr<void> owner() override { return shared_from_this(); }
    [[nodiscard]] unsigned body_reads() const noexcept override;
    [[nodiscard]] bool awaits_body() const noexcept override;
    void stream_opens(const request& asked) override;
    void park(std::unique_ptr<parked_stream> rest) override;
    void call_after(duration time) override;

    void on_timer() noexcept override;
    void arm(duration time);
    /// Nothing is waited for. What is armed stays so, and does nothing when it fires: the next request would
    /// only arm it again.
    void stand_down() noexcept { due_ = time_point::max(); }
    void arm_for_phase();

    [[nodiscard]] bool take_place();
    [[nodiscard]] session_bounds& bounds();
    /// Why each request is answered 503; null if it is not.
    [[nodiscard]] const char* turned_away() const noexcept {
        return bounds_ ? bounds_->turned_away : nullptr;
    }
    void end_stream_bounds() noexcept {
        if (bounds_) bounds_->end_stream();
    }

    // Parking.
    [[nodiscard]] h1_conversation& conversation();
    void free_conversation_soon();
    void unpark() noexcept;
    [[nodiscard]] parked_stream* parked() const noexcept { return parked_ended_ ? nullptr : parked_.get(); }

    // Reading.
    bool receive(bool last);
    void watch();
    void on_blocked();
    void on_end();
    void give_last_turn();
    void end_unless_busy();
    void process_inbox_soon();
    void processed();

    // Closing.
    void answered();
    void begin_close();
    void linger();

    // Writing.
    [[nodiscard]] bool may_keep_alive() const noexcept;
    [[nodiscard]] bool may_wait(const response_head& head, std::string_view body) const noexcept;
    /// The peer has not taken all that is written.
    [[nodiscard]] bool unsent() const noexcept { return answer_waits_ || backlog() > 0; }
    [[nodiscard]] std::string take_pending_head() noexcept;
    void send(std::span<const std::string_view> front, std::span<const shared_bytes> shared = {},
              std::string_view back = {});
    void send_outbox();
    void wait_to_send();
    void on_stalled();
    void cut_now(std::string_view why);
    void break_off() noexcept;
    void give_up();
    void on_outbox_empty();

    phase phase_ = phase::reading_head;
    bool keep_alive_ = true;
    bool chunked_ = false; ///< the body of the stream under way
    bool reading_ = false; ///< a wait of the transport is under way, or a round
    bool writing_ = false;
    // As bits they fit in behind the timer.
    bool peer_ended_ : 1 = false;
    bool asked_ : 1 = false;        ///< a request has come, this one or before
    bool answer_waits_ : 1 = false; ///< the last answer is still with the round
    bool parked_ended_ : 1 = false; ///< what is parked has ended, and is yet to be freed

    shard& shard_;
    time_point due_ = time_point::max(); ///< what the timer is for; it may fire before
    std::unique_ptr<transport> transport_;
    std::unique_ptr<h1_conversation> conversation_; ///< none while a stream is parked that needs none
    std::unique_ptr<parked_stream> parked_;
    std::unique_ptr<session_bounds> bounds_; ///< if there are any
    outbox outbox_;
};

} // namespace rill::detail
