#pragma once

#include <rill/app/detail/request_source.hpp>
#include <rill/coro/detail/signal.hpp>
#include <rill/http/parser.hpp>
#include <rill/http/refusal.hpp>
#include <rill/net/detail/answer.hpp>
#include <rill/net/detail/body_share.hpp>
#include <rill/net/detail/h1_session.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rill::detail {

/// The half of a connection that asks and answers: what has come in, the request that is read or answered,
/// its body and its answer. One after the other they use the same memory.
///
/// It is a part of its session, which tells it what happens, and which it moves between the phases
/// `reading_head`, `answering` and `discarding`, or on to `closing`.
class h1_conversation final : request_source {
public:
    explicit h1_conversation(h1_session& session);
    h1_conversation(const h1_conversation&) = delete;
    h1_conversation& operator=(const h1_conversation&) = delete;
    ~h1_conversation() = default;

    void prefetch_parser() const noexcept {
        if (parser_) parser_->prefetch();
    }
    /// Gets ready for a request.
    void expect_request();
    /// The answer is written, and the connection goes on.
    void answered();
    /// Bytes have come.
    void take(std::string_view bytes);
    /// Takes what came before it was wanted.
    void process_inbox();
    void drop_input() noexcept;

    /// How long it waits for what the phase needs of the client; `max` if it needs nothing.
    [[nodiscard]] duration patience() const noexcept;
    void on_timeout();
    /// The request waits until others are answered (see `shard::answer_later`), or has its turn.
    [[nodiscard]] bool answers_later() const noexcept { return answers_later_ || has_turn_; }
    void answer_now();
    /// The client has finished, and a handler that answers without waiting may still do so.
    void turn_begins() noexcept { has_turn_ = true; }
    void turn_over() noexcept { has_turn_ = false; }
    [[nodiscard]] const request* request_of(std::uint64_t handler) const noexcept {
        return answer_.handler() == handler ? &request_ : nullptr;
    }
    void on_drained() { answer_.on_drained(); }
    void on_drain();
    void on_gone();

    [[nodiscard]] bool request_started() const noexcept { return parser_ && parser_->started(); }
    [[nodiscard]] bool inbox_empty() const noexcept { return inbox_.empty(); }
    /// Input is being gone through, and what is left of it gets answers, too.
    [[nodiscard]] bool processing() const noexcept { return processing_; }
    [[nodiscard]] bool processing_more() const noexcept { return processing_ && !input_.empty(); }

    /// Nothing is left of the request but what the answer knows, and nothing waits behind it.
    [[nodiscard]] bool has_nothing_to_do() const noexcept {
        return body_state_ == body_state::complete && inbox_.empty() && pending_head.empty();
    }

    // For the answer.

    [[nodiscard]] const request_head& head() noexcept { return request_access::head(request_); }
    /// Whether another request can follow this one: a body that is still to come must be small, and on its
    /// way.
    [[nodiscard]] bool may_keep_alive() const noexcept;
    [[nodiscard]] unsigned body_reads() const noexcept { return body_reads_; }
    [[nodiscard]] bool awaits_body() const noexcept { return body_wanted_; }
    /// The answer is a stream, which may be open for days: what its handler can ask for is kept, and nothing
    /// else.
    void stream_begins();

    std::string pending_head; ///< of a stream, until its first bytes

private:
    using phase = h1_session::phase;
    enum class body_state : std::uint8_t { incomplete, complete, failed };

    // request_source
    task<std::string> read_body() override;
    [[nodiscard]] std::string remote_address() const override;
    [[nodiscard]] bool secure() const noexcept override;
    [[nodiscard]] bool stopping() const noexcept override;
    [[nodiscard]] const proxy_trust* trust() const noexcept override;
    [[nodiscard]] connection_ends ends() const override;

    void keep_for_later(std::string_view bytes);
    void process(std::string_view bytes);
    void read_head();
    void begin_answer();
    void receive_body();
    void fail_body(const refusal& why) noexcept;
    void credit(std::size_t bytes) noexcept;
    void begin_handler();
    void request_begins() noexcept;
    [[nodiscard]] refusal too_slow(std::string_view reason) const noexcept;
    void refuse(const refusal& why);

    h1_session& session_;
    std::optional<request_parser> parser_; ///< none while a stream runs whose request is complete
    request request_;
    answer answer_;

    std::string_view input_; ///< what is being processed
    std::string inbox_;      ///< what came in before it was wanted
    std::string body_;
    body_share share_;                           ///< of what bodies may hold, while `body_` grows
    time_point request_due_ = time_point::max(); ///< when the whole request must have come
    time_point handler_due_ = time_point::max(); ///< when the handler must have given its response
    time_point body_due_; ///< when the client is behind the least pace, while the body is waited for
    std::unique_ptr<signal> body_done_; ///< made when a handler waits for the body
    std::optional<refusal> body_failure_;

    unsigned body_reads_ = 0;
    body_state body_state_ = body_state::complete;
    bool continue_due_ = false; ///< the client waits for 100 before it sends the body
    bool body_wanted_ = false;
    bool head_started_ = false; ///< the clock for the head runs
    bool answers_later_ = false;
    bool has_turn_ = false; ///< an answer is under way to a client that has finished, and may need no waiting
    bool processing_ = false;
};

} // namespace rill::detail
