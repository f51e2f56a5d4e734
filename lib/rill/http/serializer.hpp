#pragma once

#include <rill/base/export.hpp>
#include <rill/http/response.hpp>
#include <rill/http/version.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rill {

/// How the client finds the end of a response's body (RFC 9112 §6.3).
struct framing {
    enum class kind : std::uint8_t {
        none,        ///< the status has no body, or HEAD asked for a stream: nothing is said about it
        fixed,       ///< after `length` bytes; also for HEAD, with the length that GET would have
        chunked,     ///< at the last chunk; HTTP/1.1 only
        until_close, ///< with the connection; for streams to HTTP/1.0
    };

    [[nodiscard]] static constexpr framing none() noexcept { return {}; }
    [[nodiscard]] static constexpr framing fixed(std::uint64_t length) noexcept {
        return {kind::fixed, length};
    }
    [[nodiscard]] static constexpr framing chunked() noexcept { return {kind::chunked, 0}; }
    [[nodiscard]] static constexpr framing until_close() noexcept { return {kind::until_close, 0}; }

    kind how = kind::none;
    std::uint64_t length = 0;

    bool operator==(const framing&) const = default;
};

/// Appends the head of a response to `out`: the status line, `Date` from `date` (none if that is empty, or if
/// the response has its own), its fields in their order, what `how` needs, and `Connection`.
///
/// `asked` is the version of the request, `keep_alive` whether the connection goes on: without it, and always
/// when the body ends with the connection, the head says `close`. The response's own `Connection`,
/// `Keep-Alive`, `Content-Length` and `Transfer-Encoding` are left out: they are not for handlers to say. A
/// status that has no body gets no framing, whatever `how` is. `chunked` must not be used with HTTP/1.0.
/// Throws `invalid_status`, and then has appended nothing.
///
/// `keep_alive_fields`, whole lines, are what says that the connection goes on, and how long; without them it
/// is said to clients of HTTP/1.0 only, which do not know.
RILL_EXPORT void write_head(std::string& out, const response_head& head, framing how, version asked,
                            bool keep_alive, std::string_view date, std::string_view keep_alive_fields = {});

/// The line before the data of a chunk: its size in hexadecimal digits, and CRLF. `chunk_end` goes behind
/// the data. A chunk of size 0 would end the body: it must not be asked for.
class RILL_EXPORT chunk_header {
public:
    explicit chunk_header(std::size_t size) noexcept;

    /// The bytes, which live as long as this object stays where it is.
    [[nodiscard]] std::string_view view() const noexcept {
        return {text_.data() + begin_, text_.size() - begin_};
    }

private:
    std::array<char, 2 * sizeof(std::size_t) + 2> text_;
    std::uint8_t begin_;
};

inline constexpr std::string_view chunk_end = "\r\n";
/// Ends a chunked body, without trailer fields.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";
/// What a client that `expects_continue` waits for.
inline constexpr std::string_view continue_100 = "HTTP/1.1 100 Continue\r\n\r\n";

} // namespace rill
