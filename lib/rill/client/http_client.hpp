#pragma once

#include <rill/base/export.hpp>
#include <rill/base/text.hpp>
#include <rill/client/client_options.hpp>
#include <rill/client/client_request.hpp>
#include <rill/client/client_response.hpp>
#include <rill/client/error.hpp>
#include <rill/coro/task.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace rill {

class event_source;

namespace detail {
class client_core;
}

/// Sends requests over HTTP/1.1, in the clear or over TLS, and gives their answers as they come.
///
/// It works in handlers and in any other coroutine of Asio, on whatever executor runs one thing at a time: an
/// `io_context` with one thread, or a strand. All functions but `set` may be called by any thread. Responses
/// may outlive the client.
///
/// When the awaiting coroutine is cancelled, as when a handler's browser leaves, the connection is closed at
/// once, and the server knows.
///
/// **Example**
///
///     rill::http_client llm{"https://llm.example"};
///
///     rill::event_stream complete(rill::request& request) {
///         auto upstream = co_await llm.post("/v1/chat/completions", co_await request.text());
///         while (const auto* message = co_await upstream.next()) co_yield {.data = message->data};
///     }
class RILL_EXPORT http_client {
public:
    /// `base` is what relative URLs refer to; empty: requests have absolute ones. Throws `rill::error` with
    /// `invalid_url` if it is no URL of HTTP, or with what is wrong with the certificates in `options`.
    explicit http_client(std::string_view base = {}, const client_options& options = {});
    http_client(const http_client&) = delete;
    http_client& operator=(const http_client&) = delete;
    ~http_client();

    /// Sets a field of every request to come, unless that has its own: `User-Agent`, `Authorization`. With a
    /// base it is sent to the origin of that only. Throws as `client_request::set`. To be called before the
    /// first request.
    http_client& set(std::string_view name, std::string_view value);

    /// Sends a request, follows redirects, and completes when the head of the answer has come, whatever its
    /// status. Throws `rill::error` with a `client_errc` or the system's code; `std::system_error` with
    /// `operation_aborted` if the coroutine is cancelled.
    ///
    /// A 303, and a 301 or 302 that answers a POST, is followed by a GET without body; otherwise method and
    /// body stay (RFC 9110 §15.4). `Authorization`, `Cookie` and `Proxy-Authorization` go to no other origin
    /// than the first. A request that fails on a connection which was idle before is sent once more if its
    /// method is idempotent (RFC 9110 §9.2.2); one whose method is not takes a new connection behind a
    /// redirect.
    ///
    /// `Accept-Encoding` is `identity` unless the request or the client says otherwise: then the body comes
    /// as the server has coded it.
    [[nodiscard]] task<client_response> send(client_request request);

    [[nodiscard]] task<client_response> get(std::string_view url);
    [[nodiscard]] task<client_response> post(std::string_view url, std::string body,
                                             std::string_view content_type = "application/json");
    template <detail::converts_to_anything T>
    task<client_response> post(std::string_view, T&&, std::string_view = {}) {
        detail::refuse_text<T>();
        return get({});
    }

private:
    friend event_source;
    std::shared_ptr<detail::client_core> core_;
};

} // namespace rill
