#pragma once

#include <rill/base/export.hpp>
#include <rill/http/limits.hpp>
#include <rill/http/method.hpp>
#include <rill/http/parse_step.hpp>
#include <rill/http/response.hpp>
#include <rill/http/version.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace rill {

/// Why a response is not taken. The connection is of no use after it.
enum class response_fault : std::uint8_t {
    malformed,      ///< it is no response of HTTP/1, or could be read in two ways
    head_too_large, ///< a head or a trailer has more bytes or more fields than the limits allow
    truncated,      ///< the connection ended before it did
};

/// Reads the responses of one connection, one after the other, from whatever pieces their bytes come in: what
/// `request_parser` is to a server, for a client.
///
/// llhttp parses the heads, behind a `head_guard`; what both let pass is checked for what frames the message
/// (RFC 9112 §6). The same bytes get the same verdict however they are cut up. A status that is not 100 to
/// 599 is refused, where RFC 9110 §15 would have a client take it for a 500; so is a second Content-Length,
/// though it says the same (as RFC 9110 §8.6 permits). Memory that runs out while llhttp is at work ends the
/// process.
///
/// Interim responses (RFC 9110 §15.2) are skipped, 32 of them at most; 101 is refused, since nobody asked for
/// another protocol.
///
/// **Example**
///
///     rill::response_parser parser{limits};
///     rill::response_head head;
///     parser.expect(rill::method::get);
///     for (;;) switch (parser.parse(input, head)) {
///         case rill::parse_step::need_input: input = read(); break; // parser.end() if there is no more
///         case rill::parse_step::head:       look_at(head); break;
///         case rill::parse_step::body:       body += parser.body_piece(); break;
///         case rill::parse_step::complete:   return parser.keep_alive();
///         case rill::parse_step::refused:    throw broken{parser.reason()};
///     }
class RILL_EXPORT response_parser {
public:
    /// `bounds` must outlive the parser, and hold still. Of them count `max_head`, of each head and of the
    /// trailer, and `max_fields`; a body has no bound here.
    explicit response_parser(const limits& bounds);
    ~response_parser();
    response_parser(response_parser&&) noexcept;
    response_parser& operator=(response_parser&&) noexcept;

    /// Before the head: what is answered. A response to HEAD has no body, nor has a 2xx to CONNECT; what
    /// follows the latter is the tunnel's, and stays in the input. Without this it is GET.
    void expect(method m) noexcept;

    /// Takes bytes from the front of `input`, at most up to the end of the message, until there is something
    /// to tell. `head` is cleared when a message begins, must be the same object until its head is complete,
    /// and may be used for anything after that. An empty `input` is fine: what follows from the bytes so far
    /// is told.
    parse_step parse(std::string_view& input, response_head& head);

    /// The connection has ended: `complete` for a body that ends with it and for one that was there already,
    /// else `refused`, with `truncated`. After `complete` it is `need_input`: nothing is missing. With TLS an
    /// end without a `close_notify` is none, and not to be told here.
    parse_step end() noexcept;

    /// After `body`: a view into the input that was parsed last. Never empty.
    [[nodiscard]] std::string_view body_piece() const noexcept;

    /// After `head`: the length of the body, 0 if there is none; nothing if it is chunked, or ends with the
    /// connection.
    [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;

    /// After `head`: whether the body comes in chunks.
    [[nodiscard]] bool chunked() const noexcept;

    /// After `head`: whether the body ends with the connection.
    [[nodiscard]] bool until_close() const noexcept;

    /// After `head`: whether the connection may serve another request after this one (RFC 9112 §9.3). Also
    /// false where the body ends with it, and where a 204 says that it has a body. Of a tunnel it tells
    /// nothing.
    [[nodiscard]] bool keep_alive() const noexcept;

    /// After `head`.
    [[nodiscard]] rill::version version() const noexcept;

    /// Whether a byte was read since the last `reset`, be it only of an interim response: this request was
    /// not lost on a connection that had gone stale.
    [[nodiscard]] bool started() const noexcept;

    /// After `refused`: why, and in a few words for people, which live for ever.
    [[nodiscard]] response_fault fault() const noexcept;
    [[nodiscard]] std::string_view reason() const noexcept;

    /// After `complete`: gets ready for the next response of the connection.
    void reset() noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace rill
