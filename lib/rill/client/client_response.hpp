#pragma once

#include <rill/base/export.hpp>
#include <rill/coro/task.hpp>
#include <rill/http/fields.hpp>
#include <rill/http/status.hpp>
#include <rill/sse/message.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace rill {

namespace detail {
class exchange_in_flight;
}

/// The answer to a request: its head is there, and its body is read as it comes, in one of three ways.
///
/// Destroying it before its end closes the connection, so that the server stops working on it; after its end
/// the connection serves other requests. It belongs to the executor that `send` was awaited on, must not
/// outlive that one's context, and must not be destroyed while one of its own tasks is suspended.
///
/// **Example**
///
///     auto answer = co_await client.get("/feed");
///     while (const auto* message = co_await answer.next()) show(message->data); // as an event stream
///     ...
///     const auto text = co_await answer.bytes();                               // as a whole
///     ...
///     for (auto piece = co_await answer.read(); !piece.empty(); piece = co_await answer.read()) use(piece);
class RILL_EXPORT client_response {
public:
    explicit client_response(std::unique_ptr<detail::exchange_in_flight> from) noexcept;
    client_response(client_response&&) noexcept;
    client_response& operator=(client_response&&) noexcept;
    ~client_response();

    [[nodiscard]] rill::status status() const noexcept;
    [[nodiscard]] const rill::fields& fields() const noexcept;
    /// What answered, after all redirects.
    [[nodiscard]] const std::string& url() const noexcept;

    /// Whether the media type is `text/event-stream`, whatever its case and parameters, and the status 200;
    /// to a POST also another 2xx, as 201, but 204 and 205.
    [[nodiscard]] bool is_event_stream() const noexcept;

    // Each of these throws `rill::error` with a `client_errc` or the system's code; `std::system_error` with
    // `asio::error::operation_aborted` if the coroutine is cancelled. One call at a time.

    /// The next piece of the body, valid until the next call; empty at its end.
    [[nodiscard]] task<std::string_view> read();

    /// All that is left of the body, of at most `client_options::max_body` bytes.
    [[nodiscard]] task<std::string> bytes();

    /// The next event of a stream, valid until the next call; null at its proper end. A checkpoint (see
    /// `event`) is left out, and its id is that of the event which follows it. Throws `bad_status` or
    /// `wrong_media_type` if this is no event stream, and a `sse_errc` if an event is larger than
    /// `client_options::events` allows. An event that the end cuts off is dropped.
    [[nodiscard]] task<const message*> next();

private:
    std::unique_ptr<detail::exchange_in_flight> in_flight_;
};

} // namespace rill
