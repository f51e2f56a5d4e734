#pragma once

#include <rill/base/detail/peer_address.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rill::detail {

/// Reads the header with which a proxy tells whose connection it passes on: the PROXY protocol, versions 1
/// and 2 (HAProxy's proxy-protocol.txt, §2.1 and §2.2). It takes the bytes in any pieces, and none behind the
/// header.
///
/// It keeps the addresses only: what else a header of version 2 holds (TLVs) is skipped.
class proxy_header_parser {
public:
    /// Bytes that a header of version 2 may have behind its first sixteen: twenty times what proxies send.
    static constexpr std::size_t longest_block = 4096;

    enum class step : std::uint8_t { need_input, complete, malformed };

    /// Takes what belongs to the header off the beginning of `input`. After `complete` and `malformed` it
    /// takes nothing, and gives the same again.
    [[nodiscard]] step parse(std::string_view& input);

    /// Whether a byte of it has come.
    [[nodiscard]] bool started() const noexcept { return taken_ > 0; }

    /// Once it is complete: the client. Nothing if the header names none, because the proxy speaks for itself
    /// (`LOCAL`), or does not know (`UNKNOWN`, or what is unspecified).
    [[nodiscard]] const std::optional<peer_address>& client() const noexcept { return client_; }

private:
    [[nodiscard]] unsigned byte(std::size_t at) const noexcept {
        return static_cast<unsigned char>(kept_[at]);
    }
    [[nodiscard]] step take(char next);
    [[nodiscard]] step after_char_of_line();
    [[nodiscard]] step read_line();
    [[nodiscard]] step after_byte_of_block();
    [[nodiscard]] bool has_good_fixed_part() const noexcept;
    void read_addresses();

    std::array<char, 107> kept_{}; ///< the longest line of version 1; of version 2 as much as it takes
    std::size_t taken_ = 0;
    std::size_t size_ = 0; ///< of a header of version 2, once it is known
    step state_ = step::need_input;
    std::optional<peer_address> client_;
};

} // namespace rill::detail
