#pragma once

#include <rill/http/head_guard.hpp>
#include <rill/http/limits.hpp>
#include <rill/http/refusal.hpp>

#include <cstdint>
#include <string_view>

namespace rill::detail {

/// Reads a chunked body (RFC 9112 §7.1) to the letter: sizes of at most 16 hexadecimal digits with nothing
/// around them, extensions of tokens and quoted strings, CRLF everywhere.
///
/// It is written out here because versions of llhttp differ in what they let pass between chunks, and a guard
/// for that would have to find the chunks itself: it would be this.
class chunk_reader {
public:
    enum class step : std::uint8_t { need_input, data, end, refused };

    /// `bounds` must outlive the reader.
    explicit chunk_reader(const limits& bounds) noexcept;

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
        value_begin,
        value,
        quoted,
        escaped,
        quoted_end,
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
    std::uint64_t left_ = 0; // of the chunk
    std::uint64_t body_ = 0; // bytes of the chunks so far, this one included
    std::size_t extensions_ = 0;
    state state_ = state::size_begin;
    std::uint8_t digits_ = 0;
};

} // namespace rill::detail
