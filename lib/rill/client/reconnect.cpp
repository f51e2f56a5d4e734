#include <rill/client/detail/reconnect.hpp>
#include <rill/client/detail/response_fields.hpp>
#include <rill/client/error.hpp>
#include <rill/http/detail/media_type.hpp>
#include <rill/http/detail/retry_after.hpp>
#include <rill/http/error.hpp>
#include <rill/sse/decode.hpp>
#include <rill/sse/error.hpp>

#include <asio/error.hpp>

#include <algorithm>
#include <array>

namespace rill::detail {
namespace {

using namespace std::chrono_literals;

[[nodiscard]] std::chrono::milliseconds bounded(std::chrono::milliseconds time) noexcept {
    return std::clamp(time, 0ms, decoder::max_retry);
}

/// The least that counts where waits are doubled, and that a server may ask for.
constexpr std::chrono::milliseconds least_step = 100ms;
/// Waits do not grow beyond this: a server that was away for long is found soon after it is back.
constexpr std::chrono::milliseconds longest_backoff = 60s;

[[nodiscard]] bool is_server_error(status s) noexcept {
    const auto code = static_cast<unsigned>(s);
    return s == status::too_many_requests || (code >= 500 && code <= 599);
}

[[nodiscard]] bool is_in_vain(const std::error_code& why) {
    static constexpr std::array ours{
        client_errc::invalid_url,         client_errc::certificate_refused, client_errc::tls_unavailable,
        client_errc::invalid_certificate, client_errc::invalid_redirect,    client_errc::too_many_redirects,
        client_errc::unknown_coding,      client_errc::bad_status,          client_errc::wrong_media_type,
        client_errc::proxy_not_usable,
    };
    return std::ranges::any_of(ours, [&](client_errc e) { return why == e; }) ||
           why == sse_errc::line_too_long || why == sse_errc::event_too_large ||
           why == http_errc::invalid_field_value;
}

} // namespace

reconnect::reconnect(milliseconds retry, milliseconds max_retry, bool retry_server_errors) noexcept
    : retry_{bounded(retry)},
      max_retry_{bounded(max_retry)},
      min_retry_{std::min({retry_, max_retry_, least_step})},
      retry_server_errors_{retry_server_errors} {}

reconnect::verdict reconnect::on_response(const answer& head, std::uint64_t random) {
    if (is_stream_status(head.verb, head.status)) {
        if (is_event_stream_type(head.content_type)) return {.what = step::open};
        return {.what = step::give_up, .why = client_errc::wrong_media_type};
    }
    if (!retry_server_errors_ || !is_server_error(head.status))
        return {.what = step::give_up, .why = client_errc::bad_status};
    const auto asked = parse_retry_after(head.retry_after, head.now).value_or(0s);
    return {.what = step::wait,
            .wait = std::max<milliseconds>(next_wait(random), asked),
            .why = client_errc::bad_status};
}

reconnect::verdict reconnect::on_failure(std::error_code why, std::uint64_t random) {
    if (is_in_vain(why)) return {.what = step::give_up, .why = why};
    return {.what = step::wait, .wait = next_wait(random), .why = why};
}

reconnect::verdict reconnect::on_end(std::uint64_t random) {
    return {.what = step::wait, .wait = next_wait(random), .why = asio::error::eof};
}

void reconnect::on_retry(milliseconds time) noexcept {
    retry_ = std::clamp(time, min_retry_, max_retry_);
}

reconnect::milliseconds reconnect::next_wait(std::uint64_t random) noexcept {
    static constexpr unsigned most_doublings = 32; // 100 ms times this is beyond `decoder::max_retry`
    const auto doublings = failures_;
    if (failures_ < most_doublings) ++failures_;
    if (doublings == 0) return retry_;

    const auto step = std::max(retry_, least_step);
    const auto bound =
        std::max(retry_, std::min({max_retry_, longest_backoff, step * (std::int64_t{1} << doublings)}));
    const auto choices = static_cast<std::uint64_t>((bound - retry_).count()) + 1;
    return retry_ + milliseconds{static_cast<milliseconds::rep>(random % choices)};
}

} // namespace rill::detail
