#include <rill/base/error.hpp>
#include <rill/base/text.hpp>
#include <rill/sse/detail/layout.hpp>
#include <rill/sse/detail/own_events.hpp>
#include <rill/sse/error.hpp>
#include <rill/topic/detail/position.hpp>
#include <rill/topic/detail/record.hpp>
#include <rill/topic/detail/slabs.hpp>
#include <rill/topic/errc.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace rill::detail {
namespace {

constexpr std::size_t longest_id = 256, longest_key = 256, longest_name = 256;

/// Throws unless a client can send `id` back. That it has no controls is checked as for any event.
void check_own_id(std::string_view id, std::string_view epoch) {
    const bool fits_a_field = !id.empty() && rill::trim(id).size() == id.size();
    const bool ours = id.starts_with(epoch) && parse_position(id);
    if (!fits_a_field || id.size() > longest_id || id.find(',') != id.npos || ours)
        throw error{topic_errc::id_not_allowed};
}

/// Throws where a topic takes less than `encode` does.
void check(const event& e, const publish_options& options) {
    if (is_own_name(e.name)) throw error{topic_errc::name_reserved};
    if (e.name.size() > longest_name) throw error{topic_errc::event_name_too_long};
    if (e.retry && (*e.retry < shortest_retry || *e.retry > longest_retry))
        throw error{topic_errc::retry_not_allowed};
    if (options.key.size() > longest_key || !is_utf8(options.key)) throw error{topic_errc::key_not_allowed};
}

std::size_t digits_in(std::uint64_t number) noexcept {
    std::size_t digits = 1;
    for (std::uint64_t bound = 10; number >= bound && digits < position::most_digits; bound *= 10) ++digits;
    return digits;
}

/// What the id begins with, and room for digits.
std::string unnumbered(std::string_view prefix) {
    std::string id(prefix.size() + position::most_digits, '0');
    std::ranges::copy(prefix, id.begin());
    return id;
}

} // namespace

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): small_ is written before it is read
record::record(const event& e, const publish_options& options, const destination& log)
    : from_{options.from},
      key_{options.key},
      has_own_id_{e.id.data() != nullptr},
      digits_{has_own_id_ ? 0 : digits_in(log.next)},
      id_{has_own_id_ ? std::string{e.id} : unnumbered(log.id_prefix)} {
    if (!has_own_id_ && e.name.empty() && !e.data.data() && !e.comment.data() && !e.retry)
        throw error{sse_errc::empty_event};
    const auto more_digits = has_own_id_ ? 0 : position::most_digits - digits_;
    auto numbered = e;
    numbered.id = {id_.data(), id_.size() - more_digits};
    const auto layout = has_own_id_ ? lay_out(numbered) : lay_out_own_id(numbered);
    if (layout.size > log.most_bytes) throw error{topic_errc::event_too_large};
    if (has_own_id_) check_own_id(id_, log.id_prefix);
    check(e, options);

    id_at_ = id_line_at(numbered);
    size_ = layout.size;
    begin_ = memory_for(more_digits + size_) + more_digits;
    write(begin_, numbered, layout);
}

char* record::memory_for(std::size_t size) {
    if (size <= small_.size()) return small_.data();
    is_large_ = size > slabs::largest;
    block_ = block{size};
    return block_.data();
}

void record::set_number(std::uint64_t number) noexcept {
    if (has_own_id_) return;
    const fmt::format_int digits{number}; // no log has 10^18 events
    const auto prefix = id_.size() - position::most_digits;
    const auto before = id_at_ + id_start.size() + prefix;
    if (const auto more = digits.size() - digits_; more > 0) { // numbers only grow
        std::memmove(begin_ - more, begin_, before);
        begin_ -= more;
        size_ += more;
    }
    std::memcpy(begin_ + before, digits.data(), digits.size());
    std::memcpy(id_.data() + prefix, digits.data(), digits.size());
    id_.resize(prefix + digits.size());
}

} // namespace rill::detail
