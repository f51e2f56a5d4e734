#pragma once

#include <rill/base/export.hpp>

#include <array>
#include <ctime>
#include <string_view>

namespace rill {

/// The date as HTTP writes it, `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110 §5.6.7): formatted once
/// for all who ask within the same second. It belongs to one thread.
class RILL_EXPORT date_cache {
public:
    /// The date of `now`, in seconds since 1970, from year 0 to year 9999. The view is valid until the next
    /// call.
    [[nodiscard]] std::string_view at(std::time_t now) noexcept;

private:
    std::time_t second_ = 0;
    std::array<char, 29> text_{};
};

} // namespace rill
