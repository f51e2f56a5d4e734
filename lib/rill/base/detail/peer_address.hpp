#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rill::detail {

/// An IPv4 or IPv6 address, without a zone. An IPv4 address mapped into IPv6 (RFC 4291 §2.5.5.2) is the IPv4
/// address, however it was written.
class ip_address {
public:
    /// An address as it is written: dotted decimal without leading zeros, or a form of RFC 4291 §2.2 without
    /// brackets and zone. Nothing for anything else.
    [[nodiscard]] static std::optional<ip_address> parse(std::string_view text);
    /// The same, with `%zone` behind an IPv6 address left out.
    [[nodiscard]] static std::optional<ip_address> parse_without_zone(std::string_view text);
    /// An IPv4 address in one of the forms that the resolver takes for one besides: `127.1`, `0x7f.0.0.1`,
    /// `2130706433`. Nothing for anything else.
    [[nodiscard]] static std::optional<ip_address> parse_like_resolver(const std::string& text);
    /// From the four bytes of an IPv4 address.
    [[nodiscard]] static ip_address v4(std::span<const unsigned char, 4> bytes) noexcept;
    /// From the sixteen bytes of an IPv6 address.
    [[nodiscard]] static ip_address v6(std::span<const unsigned char, 16> bytes) noexcept;

    [[nodiscard]] bool is_v4() const noexcept;
    /// The bits of such an address: 32 or 128.
    [[nodiscard]] unsigned width() const noexcept { return is_v4() ? 32 : 128; }
    /// Whether the first `bits` of both are the same, and both are of one family.
    [[nodiscard]] bool shares_prefix(const ip_address& with, unsigned bits) const noexcept;
    /// The first address with the same `bits` at its beginning, which are those of IPv6: up to 128.
    [[nodiscard]] ip_address first(unsigned bits) const noexcept;
    /// Dotted decimal, or the form of RFC 5952.
    [[nodiscard]] std::string str() const;

    [[nodiscard]] auto operator<=>(const ip_address&) const noexcept = default;

private:
    std::array<unsigned char, 16> bytes_{}; ///< as of IPv6
};

/// Who is at the other end of a connection, as far as that is known.
struct peer_address {
    enum class kind : std::uint8_t {
        unknown,
        unix_socket, ///< a process of the same machine
        ip
    };

    peer_address() = default;
    static peer_address of_unix_socket() noexcept { return {kind::unix_socket, {}, std::nullopt}; }
    static peer_address of_ip(const ip_address& address, std::optional<std::uint16_t> port = {}) noexcept {
        return {kind::ip, address, port};
    }

    /// `unix`, `192.0.2.7`, `2001:db8::1`, or one of the latter with a port: `192.0.2.7:4711`,
    /// `[2001:db8::1]:4711`. An IPv6 address may have brackets without a port, too. Nothing for others.
    [[nodiscard]] static std::optional<peer_address> parse(std::string_view text);

    /// Without the port: `192.0.2.7`, `2001:db8::1`, `unix` or `unknown`.
    [[nodiscard]] std::string host() const;
    /// With the port if there is one, as `request::remote_address` gives it.
    [[nodiscard]] std::string str() const;

    kind of = kind::unknown;
    ip_address address; ///< if it is an `ip`
    std::optional<std::uint16_t> port;

private:
    peer_address(kind of, const ip_address& address, std::optional<std::uint16_t> port) noexcept
        : of{of}, address{address}, port{port} {}
};

/// Whose connection it is, and who has made it. They differ where a proxy names its client in the PROXY
/// protocol.
struct connection_ends {
    peer_address client{};
    peer_address neighbour{}; ///< the other end of the socket
};

} // namespace rill::detail
