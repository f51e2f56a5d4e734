#pragma once

#include <rill/base/config.hpp>

#include <asio/awaitable.hpp>

namespace rill {

/// A coroutine that gives a `T` to whoever awaits it. It is Asio's own, so a handler may await anything that
/// `asio::use_awaitable` gives it, and any coroutine of an Asio program may await a task of Rill.
///
/// **Example**
///
///     rill::task<std::string> load(int id) {
///         co_await rill::sleep_for(10ms);
///         co_return fmt::format("row {}", id);
///     }
template <typename T = void>
using task = asio::awaitable<T>;

} // namespace rill
