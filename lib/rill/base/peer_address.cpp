#include <rill/base/detail/peer_address.hpp>
#include <rill/base/text.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <utility>

namespace rill::detail {
namespace {

/// What stands before the four bytes of an IPv4 address in those of IPv6.
constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

/// A decimal number up to 65535, of at most five digits.
std::optional<std::uint16_t> port_of(std::string_view text) {
    return text.size() <= 5 ? parse<std::uint16_t>(text) : std::nullopt;
}

} // namespace

std::optional<ip_address> ip_address::parse(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size() || text.find('\0') != text.npos) return std::nullopt;
    text.copy(terminated.data(), text.size());
    std::array<unsigned char, 4> four{};
    if (::inet_pton(AF_INET, terminated.data(), four.data()) == 1) return v4(four);
    std::array<unsigned char, 16> six{};
    if (::inet_pton(AF_INET6, terminated.data(), six.data()) == 1) return v6(six);
    return std::nullopt;
}

std::optional<ip_address> ip_address::parse_without_zone(std::string_view text) {
    const auto zone = text.find('%');
    if (zone == text.npos) return parse(text);
    if (text.find(':') > zone || zone + 1 == text.size()) return std::nullopt;
    return parse(text.substr(0, zone));
}

std::optional<ip_address> ip_address::parse_like_resolver(const std::string& text) {
    in_addr found{};
    if (::inet_aton(text.c_str(), &found) == 0) return std::nullopt;
    std::array<unsigned char, sizeof found.s_addr> bytes{};
    std::memcpy(bytes.data(), &found.s_addr, bytes.size());
    return v4(bytes);
}

ip_address ip_address::v4(std::span<const unsigned char, 4> bytes) noexcept {
    ip_address made;
    std::ranges::copy(bytes, std::ranges::copy(mapped, made.bytes_.begin()).out);
    return made;
}

ip_address ip_address::v6(std::span<const unsigned char, 16> bytes) noexcept {
    ip_address made;
    std::ranges::copy(bytes, made.bytes_.begin());
    return made;
}

bool ip_address::is_v4() const noexcept {
    return std::equal(mapped.begin(), mapped.end(), bytes_.begin());
}

bool ip_address::shares_prefix(const ip_address& with, unsigned bits) const noexcept {
    if (is_v4() != with.is_v4()) return false;
    if (is_v4()) bits += 8 * mapped.size();
    const auto whole = std::min<std::size_t>(bits / 8, bytes_.size());
    if (!std::equal(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(whole), with.bytes_.begin()))
        return false;
    return whole == bytes_.size() || bits % 8 == 0 ||
           ((bytes_[whole] ^ with.bytes_[whole]) >> (8 - bits % 8)) == 0;
}

ip_address ip_address::first(unsigned bits) const noexcept {
    auto first = *this;
    for (unsigned i = bits; i < 8 * bytes_.size(); ++i)
        first.bytes_[i / 8] &= static_cast<unsigned char>(~(0x80U >> i % 8));
    return first;
}

std::string ip_address::str() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_v4())
        ::inet_ntop(AF_INET, bytes_.data() + mapped.size(), text.data(), text.size());
    else
        ::inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
    return text.data();
}

std::optional<peer_address> peer_address::parse(std::string_view text) {
    if (text == "unix") return of_unix_socket();
    if (const auto address = ip_address::parse(text)) return of_ip(*address);
    const bool bracketed = text.starts_with('[');
    const auto end = bracketed ? text.find(']') : text.find(':');
    if (end == text.npos) return std::nullopt;
    const auto address = ip_address::parse(bracketed ? text.substr(1, end - 1) : text.substr(0, end));
    if (!address || (bracketed && text.substr(0, end).find(':') == text.npos)) return std::nullopt;
    const auto behind = text.substr(bracketed ? end + 1 : end);
    if (behind.empty()) return of_ip(*address);
    const auto port = behind.front() == ':' ? port_of(behind.substr(1)) : std::nullopt;
    return port ? std::optional{of_ip(*address, port)} : std::nullopt;
}

std::string peer_address::host() const {
    switch (of) {
    case kind::ip: return address.str();
    case kind::unix_socket: return "unix";
    default: return "unknown";
    }
}

std::string peer_address::str() const {
    if (of != kind::ip || !port) return host();
    std::string text = address.is_v4() ? host() : '[' + host() + ']';
    return text.append(1, ':').append(std::to_string(*port));
}

} // namespace rill::detail
