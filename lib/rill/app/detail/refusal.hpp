#pragma once

#include <rill/app/request.hpp>
#include <rill/app/response.hpp>

#include <cstdint>
#include <ctime>

// An answer that is only for now, for a client that would give up at its status.
namespace rill::detail {

/// Whether `refusal` says to try again later, as 429 and 503 do, to a request for an event stream. Browsers,
/// Deno, undici and npm's eventsource never come back after any status but 200.
[[nodiscard]] inline bool belongs_in_a_stream(const response& refusal, const request& to) {
    const bool is_for_now =
        refusal.status() == status::service_unavailable || refusal.status() == status::too_many_requests;
    return is_for_now && to.wants_events();
}

/// What is answered instead: 200, and an event stream of one event with the status, the reason and the time
/// to wait. Its body is a string. The time is drawn between `Retry-After` (5 s without it) and twice as long,
/// so that not all come back at once.
///
///     id: 3f2a9c01b7de-7
///     event: refused
///     retry: 7294
///     data: {"status":503,"reason":"the topic has too many subscribers"}
///
/// The id is the one that the request `to` brings, if it brings one: some clients forget it where a stream
/// does not tell it again. The reason is the body if that is a short text, else the status' phrase. Other
/// fields stay. `random` is any number, `now` in seconds since 1970.
[[nodiscard]] response in_a_stream(response&& refusal, const request& to, std::uint64_t random,
                                   std::time_t now);

} // namespace rill::detail
