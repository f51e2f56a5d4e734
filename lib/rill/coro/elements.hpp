#pragma once

#include <rill/base/export.hpp>

#include <memory>

namespace rill {

namespace detail {
class feed;
} // namespace detail

/// Events that come encoded from elsewhere, to be passed on as they are: what `elements_of` makes of a
/// `subscription`, for `co_yield` and for a `response`.
///
/// **Example**
///
///     rill::event_stream join(rill::request& request) {
///         co_yield {.name = "welcome"};
///         co_yield rill::elements_of(room.subscribe(request)); // until the topic is closed
///     }
class RILL_EXPORT elements {
public:
    explicit elements(std::unique_ptr<detail::feed> source) noexcept;
    elements(elements&&) noexcept;
    elements& operator=(elements&&) noexcept;
    ~elements();

    [[nodiscard]] detail::feed& source() const noexcept { return *source_; }

private:
    std::unique_ptr<detail::feed> source_;
};

} // namespace rill
