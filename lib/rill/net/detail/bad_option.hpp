#pragma once

#include <rill/base/detail/networks.hpp>
#include <rill/base/error.hpp>

#include <string_view>

namespace rill::detail {

/// An error that lies in the server's options, and not in what the system makes of them: `serve` tells the
/// two apart in its exit code.
class bad_option final : public error {
public:
    using error::error;
};

/// The proxies that the option `name` lists. Throws `bad_option`.
[[nodiscard]] networks proxies_of(std::string_view name, std::string_view list);

} // namespace rill::detail
