#pragma once

#include <rill/coro/detail/feed.hpp>
#include <rill/coro/elements.hpp>
#include <rill/net/detail/answer.hpp>
#include <rill/net/detail/silence.hpp>

#include <string_view>
#include <utility>

namespace rill::detail {

/// What is left of an answer whose handler has nothing more to do: a feed that is passed on until it ends,
/// with a comment now and then while nothing is due. The connection owns it and tells it what else it would
/// tell an answer.
///
/// There may be very many of them: it is small, and has its connection's timer instead of one of its own.
class parked_stream final : feed::consumer {
public:
    /// The answer must have been started. `host` and `matched` must outlive this.
    parked_stream(answer_host& host, const route& matched, elements what) noexcept
        : host_{host}, route_{matched}, what_{std::move(what)} {}
    parked_stream(const parked_stream&) = delete;
    parked_stream& operator=(const parked_stream&) = delete;
    ~parked_stream() = default;

    /// Sends what is due, or else an empty comment: the stream opens with this.
    void begin();

    /// The client has taken what was written.
    void on_drained();
    /// The server drains: the stream ends now, unless its route lets it finish.
    void on_drain();
    /// See `answer_host::call_after`.
    void on_timer();

private:
    void on_news(feed::batch& scratch) override;
    [[nodiscard]] bool send(feed::batch& due);
    void fail(std::string_view what);
    void wrote();
    void await_silence();

    answer_host& host_;
    const route& route_;
    elements what_;
    silence silence_;
};

} // namespace rill::detail
