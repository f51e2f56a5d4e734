#pragma once

#include <rill/app/request.hpp>
#include <rill/app/response.hpp>
#include <rill/base/export.hpp>
#include <rill/coro/task.hpp>

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace rill {

namespace detail {
class routing_table;
} // namespace detail

/// What a middleware goes around: the next middleware, and in the end the handler. Copy it as you like.
class next {
public:
    /// Gives what the rest answers; throws what it throws. To be awaited at most once for a request.
    [[nodiscard]] RILL_EXPORT task<response> operator()(request& request) const;

private:
    friend detail::routing_table;
    next(const detail::routing_table& table, std::size_t depth) noexcept : table_{&table}, depth_{depth} {}

    const detail::routing_table* table_;
    std::size_t depth_;
};

/// What `router::use` may be given: `task<response>(request&, next)`.
template <typename F>
concept middleware = std::is_invocable_v<const F&, request&, next> &&
                     std::same_as<std::invoke_result_t<const F&, request&, next>, task<response>>;

namespace detail {

/// A middleware, its form forgotten.
class layer {
public:
    virtual ~layer() = default;
    [[nodiscard]] virtual task<response> invoke(request& r, next rest) const = 0;
};

template <typename F>
class layer_of final : public layer {
public:
    explicit layer_of(F f) : f_{std::move(f)} {}
    [[nodiscard]] task<response> invoke(request& r, next rest) const override { return f_(r, rest); }

private:
    F f_;
};

} // namespace detail
} // namespace rill
