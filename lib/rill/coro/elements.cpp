#include <rill/coro/detail/feed.hpp>
#include <rill/coro/elements.hpp>

namespace rill {

elements::elements(std::unique_ptr<detail::feed> source) noexcept : source_{std::move(source)} {}
elements::elements(elements&&) noexcept = default;
elements& elements::operator=(elements&&) noexcept = default;
elements::~elements() = default;

} // namespace rill
