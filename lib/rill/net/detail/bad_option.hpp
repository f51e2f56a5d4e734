#pragma once

#include <rill/base/error.hpp>

namespace rill::detail {

/// An error that lies in the server's options, and not in what the system makes of them: `serve` tells the
/// two apart in its exit code.
class bad_option final : public error {
public:
    using error::error;
};

} // namespace rill::detail
