#pragma once

#include <rill/sse/message.hpp>

#include <optional>
#include <string>
#include <string_view>

// The event that tells a client why there is no stream for now: `{"status":503,"reason":"the room is full"}`.
namespace rill::detail {

/// The data of the event. A `reason` that is not UTF-8 has U+FFFD where it is not.
[[nodiscard]] std::string refusal_data(unsigned status, std::string_view reason);

/// What such an event says.
struct refusal {
    unsigned status = 0;     ///< 400 to 599
    std::string_view reason; ///< in the message, with the escapes of JSON still in it
};

/// Nothing unless `m` has the name and the data of such an event: another server's `refused` may mean
/// something else.
[[nodiscard]] std::optional<refusal> read_refusal(const message& m) noexcept;

} // namespace rill::detail
