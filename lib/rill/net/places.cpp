#include <rill/net/detail/places.hpp>

namespace rill::detail {

std::optional<places::place> places::take(const ip_address& whose) {
    constexpr unsigned bits_of_a_client = 64;
    const auto key = whose.is_v4() ? whose : whose.first(bits_of_a_client);
    const std::lock_guard lock{mutex_};
    auto& found = *entries_.try_emplace(key, entry{this}).first;
    if (found.second.taken >= most_) return std::nullopt;
    ++found.second.taken;
    return place{&found};
}

void places::give_back(entries::value_type& which) noexcept {
    const std::lock_guard lock{mutex_};
    if (--which.second.taken == 0) entries_.erase(which.first);
}

} // namespace rill::detail
