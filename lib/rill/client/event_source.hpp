#pragma once

#include <rill/base/error.hpp>
#include <rill/base/export.hpp>
#include <rill/client/client_request.hpp>
#include <rill/client/client_response.hpp>
#include <rill/client/http_client.hpp>
#include <rill/coro/task.hpp>
#include <rill/sse/message.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace rill {

/// What an `event_source` is doing (WHATWG HTML §9.2.2, `readyState`).
enum class source_state : std::uint8_t {
    connecting, ///< asks, or waits to ask again
    open,       ///< reads a stream
    closed,     ///< has ended, and will not connect any more
};

/// Is told what happens to an `event_source` beside its messages, in order, from inside `next`. It must
/// outlive the source, and not destroy it; it may call `close` and `restart`.
class source_observer {
public:
    /// A stream has begun.
    virtual void on_open(const client_response&) {}
    /// A comment came, as soon as its line was read.
    virtual void on_comment(std::string_view) {}
    /// An attempt failed, or a stream ended or broke; the source connects again in `wait`. Without `wait` it
    /// was the last attempt, and `next` throws the same error. The code of a stream that came to its proper
    /// end is `asio::error::eof`; where that was the last one, `next` returns null.
    virtual void on_error(const error&, std::optional<std::chrono::milliseconds> /* wait */) {}

protected:
    ~source_observer() = default;
};

/// How an `event_source` reconnects.
struct event_source_options {
    /// Where an earlier reader stopped; sent with the first request. Empty: a `Last-Event-ID` field of the
    /// request says so, if there is one.
    std::string_view last_event_id{};
    /// How long it waits before it connects again, until the server says otherwise with `retry`. While
    /// attempts fail one after the other, the wait is drawn by chance between this and a bound that doubles,
    /// up to a minute (full jitter); a message brings it back.
    std::chrono::milliseconds retry{3'000};
    /// The most that a server's `retry` may ask for, and a bound for the waits that grow, too. The least is
    /// 100 ms, or `retry` above if that is less: streams that end at once must make no storm.
    std::chrono::milliseconds max_retry{600'000};
    /// Whether 5xx and 429 are worth another attempt. `Retry-After` is the least to wait, up to an hour. A
    /// server that says 429 or 503 in an event `refused` (see `http_error`) is taken to have answered that.
    bool retry_server_errors = true;
    /// Whether a request that is not idempotent, as a POST, may be sent again once a server may have got it.
    /// Each time it does something, or costs something. Without this such a source ends with its first
    /// stream: at the proper end of that `next` returns null, else it throws why.
    bool retry_post = false;
    /// Null: nobody is told.
    source_observer* observer = nullptr;
};
static_assert(std::is_trivially_destructible_v<event_source_options>);

/// Follows an event stream for as long as it is wanted: connects, reads, and when the stream ends or breaks
/// connects again with the last id it saw (WHATWG HTML §9.2), or, where that has controls that no header
/// field can hold, with the one before it: then some events come again, and none is lost. Any method, header
/// fields and body may be given; `Accept` and `Cache-Control` are set if the request has none. Each attempt
/// asks for the URL that was given, and follows what redirects there are then, permanent ones too. A POST is
/// sent again only where no server has got it, unless the options say otherwise; its stream may have the
/// status 201, or another 2xx but 204 and 205.
///
/// It does not stop in silence: `next` throws where another attempt would be in vain (204, 401, 403 and other
/// statuses that are not 200, a wrong media type, a certificate that is not trusted, redirects that lead
/// nowhere, an event that is too large), and an observer is told of each attempt that failed.
///
/// All happens while `next` is awaited: a source that is not asked does not read, and the server feels it.
/// Where the coroutine that awaits `next` is cancelled, the next call goes on: with a new connection, if
/// there was one, and the last id.
///
/// It must not be destroyed while `next` is under way, and once it was asked must not outlive its event loop:
/// both are so where it is a variable of the coroutine that asks.
///
/// **Example**
///
///     rill::http_client client;
///     rill::event_source ticks{client, "http://localhost:5800/ticks"};
///     while (const auto* message = co_await ticks.next()) show(message->data);
class RILL_EXPORT event_source {
public:
    /// The client may go before the source.
    event_source(http_client& client, std::string_view url, const event_source_options& options = {});
    event_source(http_client& client, client_request request, const event_source_options& options = {});
    event_source(event_source&&) noexcept;
    event_source& operator=(event_source&&) noexcept;
    ~event_source();

    /// The next message, valid until the next call; null once `close` was called, and behind the stream of a
    /// POST. A checkpoint (an event of that name with the data `{}`: see `event`) only changes the last id,
    /// and is not shown; nor is a refusal (see `retry_server_errors`). Throws `rill::error` when the source
    /// has given up, and then again at each call; `std::system_error` with `operation_aborted` if the
    /// coroutine is cancelled. One call at a time, on one executor.
    [[nodiscard]] task<const message*> next();

    /// Ends the stream, and lets a `next` under way return null. On the executor of `next`.
    void close() noexcept;
    /// Drops the connection, or the wait for one, and connects at once, also where that sends a POST again.
    /// On the executor of `next`.
    void restart() noexcept;

    [[nodiscard]] source_state state() const noexcept;
    /// The id of the last event, as it came.
    [[nodiscard]] const std::string& last_event_id() const noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace rill
