#include <rill/base/detail/networks.hpp>
#include <rill/base/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace rill::detail {
namespace {

std::string_view without_brackets(std::string_view text) noexcept {
    const bool bracketed = text.size() > 1 && text.front() == '[' && text.back() == ']';
    return bracketed && text.find(':') != text.npos ? text.substr(1, text.size() - 2) : text;
}

} // namespace

std::optional<network> network::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto written = without_brackets(text.substr(0, slash));
    const auto address = ip_address::parse(written);
    if (!address) return std::nullopt;
    if (slash == text.npos) return of(*address);
    auto bits = rill::parse<unsigned>(text.substr(slash + 1));
    constexpr unsigned before_mapped = 96;
    if (bits && address->is_v4() && written.find(':') != written.npos) {
        if (*bits < before_mapped) return std::nullopt; // others than IPv4 would be in it, too
        *bits -= before_mapped;
    }
    if (!bits || *bits > address->width()) return std::nullopt;
    return network{*address, *bits};
}

networks::networks(std::string_view list) {
    if (trim(list).empty()) return;
    for (std::size_t begin = 0; begin <= list.size();) {
        const auto end = std::min(list.find(',', begin), list.size());
        const auto member = trim(list.substr(begin, end - begin));
        begin = end + 1;
        if (member == "unix") {
            unix_sockets_ = true;
        } else if (const auto made = network::parse(member)) {
            members_.push_back(*made);
        } else {
            throw std::invalid_argument{fmt::format(
                "'{}' is not an address, a network like 10.0.0.0/8 or fd00::/8, or unix", member)};
        }
    }
}

bool networks::contains(const peer_address& peer) const noexcept {
    switch (peer.of) {
    case peer_address::kind::ip:
        return std::ranges::any_of(members_, [&](const auto& each) { return each.contains(peer.address); });
    case peer_address::kind::unix_socket: return unix_sockets_;
    default: return false;
    }
}

} // namespace rill::detail
