#pragma once

#include <rill/base/detail/peer_address.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace rill::detail {

/// The addresses that begin with the same bits.
class network {
public:
    /// An address, which is a network of one, or `address/bits`; an IPv6 address may have brackets. Bits of
    /// the address behind those that count may be set, and mean nothing, as in most servers:
    /// `10.1.2.3/8` is `10.0.0.0/8`. A network of mapped addresses is one of IPv4: `::ffff:10.0.0.0/104`.
    /// Nothing for others.
    [[nodiscard]] static std::optional<network> parse(std::string_view text);

    [[nodiscard]] static network of(const ip_address& one) noexcept { return {one, one.width()}; }

    [[nodiscard]] bool contains(const ip_address& one) const noexcept {
        return first_.shares_prefix(one, bits_);
    }

private:
    network(const ip_address& first, unsigned bits) noexcept : first_{first}, bits_{bits} {}

    ip_address first_; ///< or another one of them
    unsigned bits_;
};

/// Peers by their addresses: `10.0.0.0/8, ::1, unix`. The members are networks as above, or `unix` for
/// whatever connects to a Unix socket; blanks around them mean nothing. It never changes, and any thread may
/// ask it.
class networks {
public:
    /// Nobody.
    networks() = default;
    /// An empty list is nobody. Throws `std::invalid_argument`, which names the member that cannot be read.
    explicit networks(std::string_view list);

    [[nodiscard]] bool empty() const noexcept { return !unix_sockets_ && members_.empty(); }
    /// A peer that is unknown is in no list.
    [[nodiscard]] bool contains(const peer_address& peer) const noexcept;

private:
    std::vector<network> members_;
    bool unix_sockets_ = false;
};

} // namespace rill::detail
