#pragma once

#include <rill/app/detail/exchange.hpp>
#include <rill/app/detail/route.hpp>
#include <rill/app/response.hpp>
#include <rill/base/clock.hpp>
#include <rill/net/detail/keep_alive.hpp>
#include <rill/net/detail/relay.hpp>
#include <rill/net/detail/shard.hpp>
#include <rill/net/sse_writer.hpp>

#include <asio/cancellation_signal.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>

namespace rill::detail {

class parked_stream;

/// What an answer needs of the connection that it is written to, beyond the exchange.
class answer_host : public exchange {
public:
    /// Keeps the connection, and with it the answer, alive.
    [[nodiscard]] virtual std::shared_ptr<void> owner() = 0;
    /// How often the handler has begun to read the request's body.
    [[nodiscard]] virtual unsigned body_reads() const noexcept = 0;
    /// Whether the handler waits for the rest of the body right now.
    [[nodiscard]] virtual bool awaits_body() const noexcept = 0;

    [[nodiscard]] virtual shard& home() noexcept = 0;

    /// A stream is about to begin, as what `asked` is answered with. Throws `http_error` if the client has
    /// too many.
    virtual void stream_opens(const request& asked) = 0;

    /// Has `rest` begin, which is what is left of the answer, and gives back the memory of all else: of the
    /// request too, and of the answer that calls this. That must be over, and have nothing more under way
    /// than what it has posted to the event loop: it is freed behind that.
    virtual void park(std::unique_ptr<parked_stream> rest) = 0;
    /// For what is parked: has its `on_timer` called in so much time, and not when it said before. Does
    /// nothing while there is a backlog, since the timer is that one's then: `on_drained` follows.
    virtual void call_after(duration time) = 0;

    /// Ends a stream before its time, since the server drains.
    void end_for_drain();

protected:
    ~answer_host() = default;
};

/// The answering of one request after the other: runs the handler and writes what it gives to the exchange.
///
///     begin ─▶ handler ─┬─ response with bytes ─▶ respond ──────────────────────────────▶ over
///                       ├─ throws ─▶ respond 4xx or 500 ─────────────────────────────────▶ over
///                       └─ events ─▶ start ─▶ write ... ─┬─ returns ─▶ end ──────────────▶ over
///                                            ▲  │        └─ throws ─▶ log, abort ────────▶ over
///                                            └─relay: elements that the handler yields
///     at any time: on_gone (the client left) or on_drain ─▶ over, and the handler is destroyed
///
/// The handler's frames die when it is over, but not before the operation that it awaits has ended: that one
/// is cancelled, and writes into those frames. Until then `owner` keeps the connection's object alive.
class answer : public relay::owner {
public:
    answer(shard& shard, answer_host& host) noexcept : shard_{shard}, host_{host} {}
    answer(const answer&) = delete;
    answer& operator=(const answer&) = delete;

    void begin(request& r);

    /// The backlog is empty again.
    void on_drained();
    /// The client has left: the handler is cancelled and destroyed; nothing is written any more.
    void on_gone();
    /// The server drains: a stream ends now, unless its route lets it finish.
    void on_drain();
    /// The client is told to come back later, and why; no handler is asked.
    void turn_away(request& r, const char* reason);
    /// Whether the handler has still to give its response.
    [[nodiscard]] bool is_due() const noexcept { return !over_ && !stream_; }
    /// The handler has taken too long for that: it is cancelled. The connection must close behind the answer.
    void time_out();

    /// The number of the coroutine that runs, or ran last: see `handler_executor`.
    [[nodiscard]] std::uint64_t handler() const noexcept { return handler_; }

    [[nodiscard]] shard& home() noexcept { return shard_; }
    [[nodiscard]] const route& matched() const;

    // For the writer of a stream; nothing happens once the answer is over.

    /// Gives the head to the exchange, if it has not got it yet. True if this did it.
    bool start();
    void write(std::string_view bytes);
    [[nodiscard]] std::size_t backlog() const noexcept { return host_.backlog(); }
    /// Has `sse_writer::flush` called at the end of this turn of the event loop.
    void flush_soon();

private:
    /// Wakes a handler that sleeps: most that wait do.
    class alarm final : public timer_wheel::timer {
    public:
        explicit alarm(answer& whom) noexcept : whom_{whom} {}

    private:
        void on_timer() noexcept override;
        answer& whom_;
    };

    /// What a stream needs beside its handler.
    struct stream {
        explicit stream(answer& owner)
            : alive{owner.host_, owner.shard_, owner.matched()}, writer{owner}, sleep{owner} {}

        keep_alive alive;
        sse_writer writer;
        alarm sleep;
        std::unique_ptr<detail::relay> relay; ///< while elements are passed on
    };

    template <typename T, typename Done>
    void spawn(task<T> work, Done done);
    void run(task<response> work);
    void give(response&& r);
    void respond(response&& r);
    void respond_in_a_stream(response&& r);
    void fail(const std::exception_ptr& why);
    void log_failure(std::string_view what);

    void begin_events(event_stream&& events);
    void begin_writing(response::writing&& handler);
    void park(elements&& what);
    [[nodiscard]] bool relay_current();
    void on_relayed(const std::exception_ptr& failure) override;
    [[nodiscard]] bool has_begun() const noexcept { return stream_ && !head_; }
    void add_current();
    void pump();
    void run_handler();
    void pump_soon();
    void sleep(duration time);
    void wake_soon();
    [[nodiscard]] bool run_operation();
    void completed(std::exception_ptr failure);
    void finish(const std::exception_ptr& failure);
    void release() noexcept;

    shard& shard_;
    answer_host& host_;
    request* request_ = nullptr;
    std::optional<response_head> head_; ///< of a stream, until it is sent
    std::optional<event_stream> events_;
    response::writing writing_;      ///< what the writing handler's frame may refer to
    std::unique_ptr<stream> stream_; ///< while one is open
    asio::cancellation_signal cancel_;
    std::uint64_t handler_ = 0;
    bool running_ = false; ///< an operation or a task of the handler is under way
    bool blocked_ = false; ///< the handler rests until the client has caught up
    bool pumping_ = false; ///< the handler itself runs right now, or a resumption is posted
    bool over_ = true;
};

} // namespace rill::detail
