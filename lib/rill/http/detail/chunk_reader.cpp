#include <rill/http/detail/chunk_reader.hpp>
#include <rill/http/detail/syntax.hpp>

#include <algorithm>

namespace rill::detail {
namespace {

/// The bytes of extensions that any chunk may have besides as many as it has data: a signature, or the like.
constexpr std::uint64_t fair_extension = 64;

} // namespace

chunk_reader::chunk_reader(const limits& bounds, padding blanks) noexcept
    : limits_{&bounds}, trailer_{bounds, head_guard::part::trailer}, padding_{blanks} {}

chunk_reader::step chunk_reader::read(std::string_view& input, std::string_view& piece,
                                      std::uint64_t max_body) noexcept {
    while (!input.empty() && state_ < state::trailer) {
        if (state_ == state::data) {
            piece = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size())));
            input.remove_prefix(piece.size());
            left_ -= piece.size();
            if (left_ == 0) state_ = state::data_return;
            return step::data;
        }
        const bool line_ends = state_ == state::size_line_feed;
        if (!take(input.front())) return refuse(status::bad_request, "a malformed chunk");
        if (extensions_ > limits_->max_head)
            return refuse(status::bad_request, "the chunk extensions are too large");
        if (line_ends && !begin_chunk(max_body))
            return refuse(status::content_too_large, "the body is too large");
        input.remove_prefix(1);
    }
    if (state_ == state::trailer) {
        input.remove_prefix(trailer_.accept(input));
        if (trailer_.done()) return step::end;
        if (const auto* why = trailer_.refused()) return refuse(why->status, why->reason);
    }
    return state_ == state::refused ? step::refused : step::need_input;
}

/// Takes a byte of what frames the data; false if it does not belong there.
bool chunk_reader::take(char c) noexcept {
    switch (state_) {
    case state::size_begin:
        left_ = digits_ = 0;
        state_ = state::size;
        return take_size(c);
    case state::size: return take_size(c) || (digits_ <= 16 && take_extension(c));
    case state::size_line_feed: return c == '\n';
    case state::data_return: state_ = state::data_line_feed; return c == '\r';
    case state::data_line_feed: state_ = state::size_begin; return c == '\n';
    default: return take_extension(c);
    }
}

bool chunk_reader::take_size(char c) noexcept {
    const auto value = hex_value(c);
    if (value < 0 || ++digits_ > 16) return false;
    left_ = left_ * 16 + static_cast<unsigned>(value);
    return true;
}

/// Takes a byte behind the size: `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] ) CR`.
bool chunk_reader::take_extension(char c) noexcept {
    const bool token = is(c, token_char);
    const bool blank = c == ' ' || c == '\t';
    const auto to = [this](state next) {
        state_ = next;
        return true;
    };
    if (c != '\r') ++extensions_; // the line has one anyway
    switch (state_) {
    case state::extension_begin: return blank || (token && to(state::extension_name));
    case state::value_begin: return blank || (token ? to(state::value) : c == '"' && to(state::quoted));
    case state::quoted:
        if (c == '"') return to(state::quoted_end);
        if (c == '\\') return to(state::escaped);
        return is(c, value_char);
    case state::escaped: return is(c, value_char) && to(state::quoted);
    default: break; // the size, a name, a value or the end of a quoted string: there the next one may begin
    }
    const bool named = state_ == state::extension_name || state_ == state::name_end;
    if (c == ';') return to(state::extension_begin);
    if (c == '=') return named && to(state::value_begin);
    if (blank) return to(named ? state::name_end : state::extension_end);
    const bool padded = state_ == state::name_end || state_ == state::extension_end;
    if (c == '\r') return (!padded || padding_ == padding::taken) && to(state::size_line_feed);
    return token && (state_ == state::extension_name || state_ == state::value);
}

/// The size line has ended; false if the chunk is too large.
bool chunk_reader::begin_chunk(std::uint64_t max_body) noexcept {
    state_ = left_ == 0 ? state::trailer : state::data;
    extensions_ -= std::min(extensions_, left_);
    extensions_ -= std::min(extensions_, fair_extension);
    if (body_ > max_body || left_ > max_body - body_) return false;
    body_ += left_;
    return true;
}

chunk_reader::step chunk_reader::refuse(status s, std::string_view reason) noexcept {
    state_ = state::refused;
    why_ = {s, reason};
    return step::refused;
}

} // namespace rill::detail
