#pragma once

#include <rill/sse/event.hpp>
#include <rill/topic/detail/gap.hpp>

#include <cstdint>
#include <string>
#include <string_view>

// What a topic itself says on a stream, and how it reads what publishers said.
namespace rill::detail {

/// Appends a checkpoint: the event that tells where the stream stands.
void append_checkpoint(std::string& to, std::string_view id);

/// Appends the event that tells of a gap; `id` is where the reader goes on.
void append_gap(std::string& to, std::string_view id, gap why, std::uint64_t missed);

/// The event that `encoded` is, as views of it and of `scratch`. It was encoded by `encode`.
[[nodiscard]] event read_event(std::string_view encoded, std::string& scratch);

} // namespace rill::detail
