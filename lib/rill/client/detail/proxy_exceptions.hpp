#pragma once

#include <rill/base/detail/networks.hpp>
#include <rill/http/url.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rill::detail {

/// The hosts that need no proxy, as `no_proxy` lists them: its members stand between commas or blanks.
///
/// | member                                     | whom it excepts |
/// |--------------------------------------------|------------------------------------------------------------|
/// | `*`                                        | all hosts | | `example.com`, `.example.com`,             |
/// that name and all below it; a dot at the end and the case  | | `*.example.com` | of letters make no
/// difference                              | | `10.1.2.3`, `::1`, `[::1]`                 | that address,
/// however it is spelt                          | | `10.0.0.0/8`, `fd00::/8`, `[fd00::]/8`     | the
/// addresses in that network                              | | any of these but networks, with `:PORT`    |
/// the same, at this port only; IPv6 addresses need brackets  |
///
/// Names are not looked up: an address excepts no name. A member that is none of these excepts nobody.
class proxy_exceptions {
public:
    /// None.
    proxy_exceptions() = default;
    explicit proxy_exceptions(std::string_view list);

    [[nodiscard]] bool contain(const url& target) const;

private:
    struct member {
        std::string name; ///< in lower case; empty: addresses, or all hosts
        std::optional<network> addresses;
        std::optional<std::uint16_t> port; ///< or all
    };

    [[nodiscard]] static std::optional<member> read(std::string_view text);

    std::vector<member> members_;
};

} // namespace rill::detail
