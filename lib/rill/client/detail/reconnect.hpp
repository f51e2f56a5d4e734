#pragma once

#include <rill/http/method.hpp>
#include <rill/http/status.hpp>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string_view>
#include <system_error>

namespace rill::detail {

/// What an event source does when something has happened to its connection: a state machine without a
/// socket, a clock or chance of its own. (WHATWG HTML §9.2.3)
///
/// | what happened                                     | what comes of it                                   |
/// |---------------------------------------------------|----------------------------------------------------|
/// | 200 and `text/event-stream`; 201, 202 to a POST   | open                                               |
/// | one of these and another media type               | the end: `wrong_media_type`                        |
/// | 429, 5xx, if they are to be retried               | another attempt, not before `Retry-After`          |
/// | such a status in a `refused` event                | another attempt, not before its `retry`            |
/// | any other status, 204 too                         | the end: `bad_status`                              |
/// | a certificate refused, no TLS in this Rill, no    | the end: nothing that time changes, or nothing     |
/// | URL, a certificate of ours that cannot be read,   | that a client should try until it goes through     |
/// | a proxy that cannot be used                       |                                                    |
/// | a redirect to nowhere, or too many of them        | the end: an answer that is none, like `bad_status` |
/// | a content coding that was not offered             | the end: the same, like `wrong_media_type`         |
/// | a line or an event that is too large              | the end: it would come again, and be as large      |
/// | an id of the caller's that no field can hold      | the end: without it events would be lost unseen    |
/// | any other error, also of TLS, proxies and parsing | another attempt                                    |
/// | the stream ended                                  | another attempt                                    |
///
/// The first wait is `retry`. While no message comes the wait before attempt n + 1 in a row is drawn between
/// `retry` and the smallest of a minute, `max_retry` and `retry` * 2^n, for which a `retry` below 100 ms
/// counts as 100 ms. No wait is shorter than `retry`.
///
/// The server's word for `retry` is taken as at most `max_retry`, so that a slip does not silence a client
/// for days; and as at least 100 ms, unless the first `retry` was less: a server that wants its clients back
/// at once does not want them in a busy loop.
class reconnect {
public:
    using milliseconds = std::chrono::milliseconds;

    enum class step : std::uint8_t { open, wait, give_up };
    struct verdict {
        step what{};
        milliseconds wait{};   ///< before the next attempt
        std::error_code why{}; ///< what an observer is told; none with `open`
    };

    /// The head of an answer.
    struct answer {
        method verb{}; ///< of the request
        rill::status status{};
        std::string_view content_type{};
        std::string_view retry_after{};
        std::time_t now = 0; ///< seconds since 1970, for dates in `Retry-After`
    };

    /// Times are taken as at least zero, and at most as the 24 days of `decoder::max_retry`.
    reconnect(milliseconds retry, milliseconds max_retry, bool retry_server_errors) noexcept;

    // `random` is any number, drawn for this call: all its bits count.

    /// The head of an answer came, after redirects.
    [[nodiscard]] verdict on_response(const answer& head, std::uint64_t random);
    /// An attempt failed, or an open stream did.
    [[nodiscard]] verdict on_failure(std::error_code why, std::uint64_t random);
    /// A stream came to its proper end: `why` is `asio::error::eof`.
    [[nodiscard]] verdict on_end(std::uint64_t random);
    /// A message came: what failed before is forgotten.
    void on_message() noexcept { failures_ = 0; }
    /// The server said `retry`.
    void on_retry(milliseconds time) noexcept;

private:
    [[nodiscard]] milliseconds next_wait(std::uint64_t random) noexcept;

    milliseconds retry_;
    milliseconds max_retry_;
    milliseconds min_retry_; // of the server's word
    bool retry_server_errors_;
    unsigned failures_ = 0; // in a row
};

} // namespace rill::detail
