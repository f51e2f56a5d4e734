#pragma once

#include <rill/base/export.hpp>
#include <rill/http/limits.hpp>
#include <rill/http/parse_step.hpp>
#include <rill/http/refusal.hpp>
#include <rill/http/request.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace rill {

/// Reads the requests of one connection, one after the other, from whatever pieces their bytes come in.
///
/// llhttp parses the heads, behind a `head_guard`; what both let pass is checked for what it means (RFC 9112
/// §3.2, §6). The same bytes get the same verdict however they are cut up. Memory that runs out while llhttp
/// is at work ends the process.
///
/// **Example**
///
///     rill::request_parser parser{limits};
///     rill::request_head head;
///     for (;;) switch (parser.parse(input, head)) {
///         case rill::parse_step::need_input: input = read(); break;
///         case rill::parse_step::head:       parser.body_limit(route.max_body); break;
///         case rill::parse_step::body:       body += parser.body_piece(); break;
///         case rill::parse_step::complete:   answer(head, body); parser.reset(); break;
///         case rill::parse_step::refused:    return refuse(parser.refused());
///     }
class RILL_EXPORT request_parser {
public:
    /// `bounds` must outlive the parser, and hold still.
    explicit request_parser(const limits& bounds);
    ~request_parser();
    request_parser(request_parser&&) noexcept;
    request_parser& operator=(request_parser&&) noexcept;

    /// From now on `Host` may be there and empty, as clients send it where there is no authority (RFC 9112
    /// §3.2): over a Unix socket. Elsewhere the URI of such a request would have no host, and it is refused
    /// (RFC 9112 §3.3 permits both).
    void take_empty_host() noexcept;

    /// Takes bytes from the front of `input`, at most up to the end of the message, until there is something
    /// to tell. `head` is cleared when a message begins, must be the same object until its head is complete,
    /// and may be used for anything after that. An empty `input` is fine: what follows from the bytes so far
    /// is told.
    parse_step parse(std::string_view& input, request_head& head);

    /// After `body`: a view into the input that was parsed last. Never empty.
    [[nodiscard]] std::string_view body_piece() const noexcept;

    /// After `head`: the length of the body, if the request tells it.
    [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;

    /// After `head`: whether the body comes in chunks, of a length that nobody knows yet.
    [[nodiscard]] bool chunked() const noexcept;

    /// After `head`: whether the client wants to go on with this connection (RFC 9112 §9.3).
    [[nodiscard]] bool keep_alive() const noexcept;

    /// After `head`: whether the client waits for a `100 Continue` before it sends its body.
    [[nodiscard]] bool expects_continue() const noexcept;

    /// After `head`, before the first piece: the most bytes that this body may have, instead of
    /// `limits::max_body`. The next `parse` refuses a longer Content-Length with 413, and a chunk that goes
    /// beyond it when it comes.
    void body_limit(std::uint64_t bytes) noexcept;

    /// After `refused`: the status to answer with, and why.
    [[nodiscard]] const refusal& refused() const noexcept;

    /// Whether a byte of a message was taken since the last `reset`; empty lines before it do not count. It
    /// tells a head that is slow from a connection that is idle.
    [[nodiscard]] bool started() const noexcept;

    /// Has what it keeps come closer to the processor: the next `parse` is near.
    void prefetch() const noexcept;

    /// After `complete`: gets ready for the next message of the connection.
    void reset() noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace rill
