#pragma once

#include <rill/client/client_request.hpp>
#include <rill/client/detail/client_core.hpp>
#include <rill/client/detail/connection.hpp>
#include <rill/client/detail/deadline.hpp>
#include <rill/http/response.hpp>
#include <rill/http/response_parser.hpp>
#include <rill/http/url.hpp>
#include <rill/sse/decode.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rill::detail {

/// One request and its response: a connection for it, the head, the body as it comes.
///
///     connect ─▶ send ─▶ receive_head ─▶ read ... ─▶ the end ─▶ the connection goes to the pool
///
/// It lives on one executor. Destroyed before the end, it takes the connection along, and so does a failure.
/// What goes wrong is thrown as `rill::error`, with what was asked for in its words.
class exchange_in_flight final : deadline::waiter {
public:
    exchange_in_flight(std::shared_ptr<client_core> core, const asio::any_io_executor& executor,
                       const client_request& request, url to, interrupt* by);
    exchange_in_flight(const exchange_in_flight&) = delete;
    exchange_in_flight& operator=(const exchange_in_flight&) = delete;
    ~exchange_in_flight() = default;

    /// Has `run` make a new connection, though there be an idle one.
    void avoid_idle() noexcept { fresh_ = true; }
    /// Sends a request; completes with the head of the response. `sent` is set once the server may have got
    /// something of it.
    [[nodiscard]] task<void> run(std::string_view head, std::string_view body, bool& sent);

    [[nodiscard]] const url& where() const noexcept { return url_; }
    [[nodiscard]] const response_head& head() const noexcept { return head_; }
    [[nodiscard]] const std::string& shown_url() const noexcept { return shown_url_; }

    /// See `client_response`.
    [[nodiscard]] task<std::string_view> read();
    [[nodiscard]] task<std::string> bytes();
    [[nodiscard]] task<const message*> next();
    [[nodiscard]] bool is_event_stream() const noexcept;

    /// Takes what is left of a body that nobody wants, if it is small and comes at once, so that the
    /// connection can go on.
    [[nodiscard]] task<void> discard();

private:
    void cancel_wait() noexcept override;

    [[nodiscard]] task<void> connect();
    [[nodiscard]] task<void> open_tunnel(const proxy& by);
    [[nodiscard]] task<void> converse(std::string_view head, std::string_view body, bool& sent);
    [[nodiscard]] task<bool> upload(std::string_view body);
    [[nodiscard]] task<std::string_view> read_within(std::chrono::milliseconds patience);
    [[nodiscard]] task<void> more_input(std::chrono::milliseconds patience, client_errc why);
    [[nodiscard]] decoded decode();
    void release();
    [[noreturn]] void fail(std::error_code code, std::string_view words = {});
    [[noreturn]] void refuse(const response_parser& parser);

    std::shared_ptr<client_core> core_;
    asio::any_io_executor executor_;
    method method_;
    url url_;
    std::string shown_url_;
    std::string place_; ///< in the pool
    const proxy* proxy_;
    deadline deadline_;

    std::unique_ptr<connection> connection_;
    bool fresh_ = false; ///< takes no idle connection
    bool reused_ = false;
    bool complete_ = false;  ///< the response was read to its end
    bool cut_short_ = false; ///< the request was not sent to its end
    bool at_end_ = false;    ///< the peer has said that no more comes
    response_parser parser_;
    response_head head_;
    std::string codings_wanted_; ///< by the caller, who decodes them
    std::string coding_;         ///< of the response, or empty
    std::string_view input_;     ///< what is left to read of `buffer_`
    std::array<char, 16 * 1024> buffer_;

    std::optional<decoder> decoder_; ///< once the response is read as an event stream
    std::string_view undecoded_;
};

} // namespace rill::detail
