#include "topic_quota.hpp"

#include <rill/app/http_error.hpp>

#include <asio/error_code.hpp>
#include <asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace hub {
namespace {

/// Beyond so many clients, those who come are one.
constexpr std::size_t most_clients = 10'000;

/// Whom an address stands for.
std::string client_of(std::string_view address) {
    if (address.find(':') == address.npos) return std::string{address};
    asio::error_code failure;
    const auto bytes = asio::ip::make_address_v6(std::string{address}, failure).to_bytes();
    return {bytes.begin(), bytes.begin() + 8};
}

} // namespace

void topic_quota::take(std::string_view client_address, rill::time_point now) {
    auto client = client_of(client_address);
    const std::lock_guard lock{mutex_};
    if (spent_.size() >= most_clients && !spent_.contains(client)) {
        std::erase_if(spent_, [&](const auto& each) { return each.second <= now; });
        if (spent_.size() >= most_clients) client.clear();
    }
    auto& until = spent_[client];
    const auto next = std::max(until, now) + interval_;
    if (next > now + period_) {
        const auto wait = std::chrono::ceil<std::chrono::seconds>(next - now - period_);
        throw rill::http_error{rill::status::too_many_requests, "this client has begun too many topics"}.with(
            "Retry-After", fmt::format("{}", wait.count()));
    }
    until = next;
}

void topic_quota::give_back(std::string_view client_address) {
    const std::lock_guard lock{mutex_};
    if (const auto client = spent_.find(client_of(client_address)); client != spent_.end())
        client->second -= interval_;
}

} // namespace hub
