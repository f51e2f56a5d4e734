#pragma once

#include <rill/coro/detail/timers.hpp>
#include <rill/coro/event_stream.hpp>
#include <rill/coro/task.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

/// Runs a task to its end on this thread, and gives what it gives or throws what it throws.
template <typename T>
T run(rill::task<T> work) {
    asio::io_context context{1};
    std::exception_ptr failure;
    if constexpr (std::is_void_v<T>) {
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr e) { failure = std::move(e); });
        context.run();
        if (failure) std::rethrow_exception(failure);
    } else {
        std::optional<T> result;
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr e, T value) {
            failure = std::move(e);
            result.emplace(std::move(value));
        });
        context.run();
        if (failure) std::rethrow_exception(failure);
        return *std::move(result);
    }
}

/// Runs what `stream` waits for, and tells it.
inline void run_operation(rill::event_stream& stream) {
    std::exception_ptr failure;
    try {
        run(stream.operation());
    } catch (...) {
        failure = std::current_exception();
    }
    stream.completed(std::move(failure));
}

/// Lets time pass by a manual clock, as `testing::server::advance` does it.
inline void pass(rill::detail::timers& clock, rill::duration time) {
    clock.advance(time, [] {});
}
