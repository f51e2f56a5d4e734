#pragma once

#include <rill/base/export.hpp>

#include <span>
#include <string>
#include <system_error>

namespace rill {

/// What Rill throws when it cannot go on: an error code of one of its layers (`sse_errc`, `http_errc`, ...)
/// or of the system, with words that say where it happened. The words are for people; branch on `code()`.
///
/// **Example**
///
///     try { rill::encode(out, event); }
///     catch (const rill::error& e) { if (e.code() == rill::sse_errc::line_end_in_id) ... }
class RILL_EXPORT error : public std::system_error {
public:
    using std::system_error::system_error;
};

namespace detail {

/// The error category of a layer: its enumerators count up from 1, and `messages` has one text for each.
class RILL_EXPORT errc_category final : public std::error_category {
public:
    constexpr errc_category(const char* name, std::span<const char* const> messages) noexcept
        : name_{name}, messages_{messages} {}

    [[nodiscard]] const char* name() const noexcept override { return name_; }
    [[nodiscard]] std::string message(int value) const override;

private:
    const char* name_;
    std::span<const char* const> messages_;
};

} // namespace detail
} // namespace rill
