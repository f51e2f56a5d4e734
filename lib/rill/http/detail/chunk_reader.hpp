#pragma once

#include <rill/http/head_guard.hpp>
#include <rill/http/limits.hpp>
#include <rill/http/refusal.hpp>

#include <cstdint>
#include <string_view>

namespace rill::detail {

/// Reads a chunked body (RFC 9112 §7.1) to the letter: sizes of at most 16 hexadecimal digits, extensions of
/// tokens and quoted strings with the blanks that the grammar allows around `;` and `=`, CRLF everywhere.
/// Extensions are bounded by what they exceed the data by, so that a stream of any length may have them.
///
/// It is written out here because versions of llhttp differ in what they let pass between chunks, and a guard
/// for that would have to find the chunks itself: it would be this.
class chunk_reader {
public:
    enum class step : std::uint8_t { need_input, data, end, refused };

    /// Blanks before the end of a size line are not in the grammar. Some servers and load balancers pad with
    /// them, and all clients take that; in a request they are refused.
    enum class padding : bool { refused, taken };

    /// `bounds` must outlive the reader.
    explicit chunk_reader(const limits& bounds, padding blanks = padding::refused) noexcept;

    /// Takes bytes from the front of `input`: up to the end of a piece of data, which is left in `piece`, or
    /// of the body. A body of more than `max_body` bytes is refused at the chunk that would exceed it. The
    /// trailer's fields are checked and dropped.
    step read(std::string_view& input, std::string_view& piece, std::uint64_t max_body) noexcept;

    /// Why it refused.
    [[nodiscard]] const refusal& why() const noexcept { return why_; }

private:
    enum class state : std::uint8_t {
        size_begin,
        size,
        extension_begin,
        extension_name,
        name_end, // a blank has ended the name
        value_begin,
        value,
        quoted,
        escaped,
        quoted_end,
        extension_end, // a blank has ended the size, or a value
        size_line_feed,
        data,
        data_return,
        data_line_feed,
        trailer,
        refused
    };

    [[nodiscard]] bool take(char c) noexcept;
    [[nodiscard]] bool take_extension(char c) noexcept;
    [[nodiscard]] bool take_size(char c) noexcept;
    [[nodiscard]] bool begin_chunk(std::uint64_t max_body) noexcept;
    step refuse(status s, std::string_view reason) noexcept;

    const limits* limits_;
    head_guard trailer_;
    refusal why_;
    std::uint64_t left_ = 0;       // of the chunk
    std::uint64_t body_ = 0;       // bytes of the chunks so far, this one included
    std::uint64_t extensions_ = 0; // bytes of extensions that no data has made up for
    state state_ = state::size_begin;
    std::uint8_t digits_ = 0;
    padding padding_;
};

} // namespace rill::detail
