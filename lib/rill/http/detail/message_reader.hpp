#pragma once

#include <rill/http/detail/chunk_reader.hpp>
#include <rill/http/detail/head_check.hpp>
#include <rill/http/detail/llhttp_head.hpp>
#include <rill/http/head_guard.hpp>
#include <rill/http/limits.hpp>
#include <rill/http/parse_step.hpp>
#include <rill/http/refusal.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace rill::detail {

/// Reads what requests and responses have in common: a head, by llhttp behind a `head_guard`, and the body
/// that it announces (RFC 9112 §2.1, §6). What a head means, and what may stand in front of one, is for its
/// owner.
///
///     begin ─(begin_head)─▶ head ─(begin_body)─▶ length, chunks or rest ─▶ done
///                    each of them ─▶ refused
template <typename Head>
class message_reader {
public:
    enum class phase : std::uint8_t { begin, head, length, chunks, rest, done, refused };

    /// `bounds` must outlive the reader.
    message_reader(const limits& bounds, head_guard::part kind, chunk_reader::padding blanks) noexcept
        : bounds_{&bounds}, guard_{bounds, kind}, kind_{kind}, blanks_{blanks} {}

    [[nodiscard]] phase at() const noexcept { return at_; }
    [[nodiscard]] const limits& bounds() const noexcept { return *bounds_; }
    [[nodiscard]] llhttp_head<Head>& llhttp() noexcept { return llhttp_; }
    [[nodiscard]] const head_guard& guard() const noexcept { return guard_; }
    /// What the head says of the message: for its owner to fill in.
    [[nodiscard]] message_facts& facts() noexcept { return facts_; }
    /// After `body`.
    [[nodiscard]] std::string_view piece() const noexcept { return piece_; }
    /// After `refused`.
    [[nodiscard]] const refusal& why() const noexcept { return why_; }

    /// A head begins, of which `taken` bytes were read before.
    void begin_head(std::size_t taken = 0) noexcept {
        guard_ = head_guard{*bounds_, kind_, taken};
        at_ = phase::head;
    }
    /// `head` once it is complete. Throws `std::bad_alloc`.
    [[nodiscard]] parse_step read_head(std::string_view& input, Head& head) {
        const auto accepted = input.substr(0, guard_.accept(input));
        input.remove_prefix(accepted.size());
        if (!llhttp_.feed(accepted, head, guard_)) return refuse({status::bad_request, "a malformed head"});
        if (const auto* why_not = guard_.refused()) return refuse(*why_not);
        return guard_.done() ? parse_step::head : parse_step::need_input;
    }

    /// The body begins, as `facts` says.
    parse_step begin_body() noexcept {
        left_ = facts_.content_length.value_or(0);
        at_ = facts_.chunked ? phase::chunks : facts_.until_close ? phase::rest : phase::length;
        if (facts_.chunked) chunks_.emplace(*bounds_, blanks_);
        return parse_step::head;
    }
    /// A body of more than `most` bytes is refused.
    [[nodiscard]] parse_step read_body(std::string_view& input, std::uint64_t most) noexcept {
        switch (at_) {
        case phase::length: return read_length(input, most);
        case phase::chunks: return read_chunks(input, most);
        case phase::rest: return input.empty() ? parse_step::need_input : take(input, input.size());
        case phase::refused: return parse_step::refused;
        case phase::begin:
        case phase::head:
        case phase::done: break;
        }
        return parse_step::need_input;
    }
    /// Whether the end of the connection may be that of the body.
    [[nodiscard]] bool may_end() const noexcept {
        return at_ == phase::rest || (at_ == phase::length && left_ == 0);
    }

    parse_step complete() noexcept {
        at_ = phase::done;
        return parse_step::complete;
    }
    parse_step refuse(const refusal& r) noexcept {
        why_ = r;
        at_ = phase::refused;
        return parse_step::refused;
    }
    /// Gets ready for the next head, of this message or of the next one.
    void reset() noexcept {
        facts_ = {};
        at_ = phase::begin;
    }

private:
    [[nodiscard]] parse_step read_length(std::string_view& input, std::uint64_t most) noexcept {
        if (facts_.content_length.value_or(0) > most)
            return refuse({status::content_too_large, "the body is too large"});
        if (left_ == 0) return complete();
        if (input.empty()) return parse_step::need_input;
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
        left_ -= size;
        return take(input, size);
    }
    [[nodiscard]] parse_step read_chunks(std::string_view& input, std::uint64_t most) noexcept {
        using step = chunk_reader::step;
        switch (chunks_->read(input, piece_, most)) {
        case step::need_input: break;
        case step::data: return parse_step::body;
        case step::end: return complete();
        case step::refused: return refuse(chunks_->why());
        }
        return parse_step::need_input;
    }
    parse_step take(std::string_view& input, std::size_t size) noexcept {
        piece_ = input.substr(0, size);
        input.remove_prefix(size);
        return parse_step::body;
    }

    const limits* bounds_;
    llhttp_head<Head> llhttp_;
    head_guard guard_;
    std::optional<chunk_reader> chunks_; // once a head says so
    message_facts facts_;
    refusal why_;
    std::string_view piece_;
    std::uint64_t left_ = 0; // of a body with a length
    head_guard::part kind_;
    chunk_reader::padding blanks_;
    phase at_ = phase::begin;
};

} // namespace rill::detail
