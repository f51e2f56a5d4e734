#pragma once

#include <rill/app/request.hpp>
#include <rill/app/response.hpp>
#include <rill/coro/event_stream.hpp>
#include <rill/coro/task.hpp>

#include <concepts>
#include <memory>
#include <string_view>
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

/// What an `F` that takes its request by value could be called with: requests are not copied.
struct given_away {
    operator request() const; // NOLINT(google-explicit-constructor)
};

template <typename F, typename Request>
inline constexpr bool takes =
    std::is_invocable_v<const F&, Request> || std::is_invocable_v<const F&, Request, sse_writer&>;

template <typename T>
inline constexpr bool is_task = false;
template <typename T>
inline constexpr bool is_task<task<T>> = true;

/// Stops the compiler with the rule that a handler which returns `Answer` breaks.
template <typename Answer>
constexpr void refuse_answer() {
    constexpr bool no = sizeof(std::add_pointer_t<Answer>) == 0;
    if constexpr (std::is_void_v<Answer>)
        static_assert(no, "a Rill handler is to return its answer, and this one returns nothing: "
                          "return rill::status::no_content if there is nothing to say");
    else if constexpr (std::same_as<Answer, task<void>>)
        static_assert(no, "a Rill handler is to return task<response>, and this one is a task<void>: "
                          "that is the form of a handler that takes (rill::request&, rill::sse_writer&)");
    else if constexpr (is_task<Answer>)
        static_assert(no,
                      "a Rill handler is to return task<response>, and this one is a task of something else");
    else if constexpr (std::is_convertible_v<Answer, std::string_view>)
        static_assert(no, "a Rill handler is to return a response, and this one returns text: "
                          "return rill::response::text(...), html(...) or json(...)");
    else
        static_assert(
            no, "a Rill handler is to return event_stream, task<response>, response, or what converts to a "
                "response, such as a rill::status: this one returns something else");
}

/// Stops the compiler with the rule that `F` breaks, if it is not a handler.
template <typename F>
constexpr void check_handler() {
    constexpr bool no = sizeof(F*) == 0;
    if constexpr (handler<F>)
        return;
    else if constexpr (std::is_invocable_v<const F&, request&, sse_writer&>)
        static_assert(
            no, "a Rill handler is to return task<void> if it takes (rill::request&, rill::sse_writer&): "
                "this one returns something else");
    else if constexpr (std::is_invocable_v<const F&, request&>)
        refuse_answer<std::invoke_result_t<const F&, request&>>();
    else if constexpr (std::is_invocable_v<F&, request&> || std::is_invocable_v<F&, request&, sse_writer&>)
        static_assert(
            no,
            "a Rill handler is called as a const object, by all threads of the server: this one cannot be, "
            "as a lambda that is mutable");
    else if constexpr (takes<F, given_away> || takes<F, request>)
        static_assert(no, "a Rill handler is given its request by reference, as rill::request&: this one "
                          "takes it by value");
    else if constexpr (std::is_invocable_v<const F&> || std::is_invocable_v<const F&, sse_writer&>)
        static_assert(
            no, "a Rill handler is given its request: its first parameter is rill::request&, used or not");
    else
        static_assert(no, "a Rill handler is an object, callable while const, of one of the forms "
                          "event_stream(request&), task<response>(request&), response(request&), "
                          "task<void>(request&, sse_writer&)");
}

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
