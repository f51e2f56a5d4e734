#pragma once

#include <rill/app/request.hpp>
#include <rill/app/response.hpp>
#include <rill/coro/event_stream.hpp>
#include <rill/coro/task.hpp>

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

namespace rill {

/// `event_stream(request&)`: the answer is the events that it yields.
template <typename F>
concept stream_handler = std::is_invocable_r_v<event_stream, const F&, request&> &&
                         std::same_as<std::invoke_result_t<const F&, request&>, event_stream>;

/// `task<response>(request&)`: a coroutine that answers with a response.
template <typename F>
concept task_handler = std::is_invocable_v<const F&, request&> &&
                       std::same_as<std::invoke_result_t<const F&, request&>, task<response>>;

/// `response(request&)`: answers without waiting for anything. A result that converts to a `response` will
/// do.
template <typename F>
concept plain_handler =
    std::is_invocable_r_v<response, const F&, request&> && !stream_handler<F> && !task_handler<F>;

/// `task<void>(request&, sse_writer&)`: a coroutine that writes its events itself.
template <typename F>
concept writer_handler = std::is_invocable_v<const F&, request&, sse_writer&> &&
                         std::same_as<std::invoke_result_t<const F&, request&, sse_writer&>, task<void>>;

/// What a route may be given. A handler is called as a const object, by all threads of the server at a time.
template <typename F>
concept handler = stream_handler<F> || task_handler<F> || plain_handler<F> || writer_handler<F>;

namespace detail {

/// An answer, or the task that will give it.
using outcome = std::variant<response, task<response>>;

/// A handler, its form forgotten.
class endpoint {
public:
    virtual ~endpoint() = default;
    [[nodiscard]] virtual outcome invoke(request& r) const = 0;
};

template <handler F>
class endpoint_of final : public endpoint {
public:
    explicit endpoint_of(F f) : f_{std::move(f)} {}

    [[nodiscard]] outcome invoke(request& r) const override {
        if constexpr (writer_handler<F>)
            return response{response::writing{[this, &r](sse_writer& writer) { return f_(r, writer); }}};
        else if constexpr (plain_handler<F>)
            return outcome{std::in_place_index<0>, f_(r)};
        else
            return f_(r);
    }

private:
    F f_;
};

} // namespace detail
} // namespace rill
