#pragma once

#include <rill/coro/detail/posting.hpp>
#include <rill/coro/task.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/error_code.hpp>
#include <asio/execution/context.hpp>
#include <asio/use_awaitable.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace rill::detail {

/// One wait of a coroutine, from `co_await` until the coroutine goes on.
///
/// The memory that it needs is taken when it is made, by the coroutine, to which a lack of it can be thrown.
/// If there is too little later on, the wait ends with `asio::error::no_memory`. Its end needs none where the
/// coroutine runs on a shard, or on an `asio::io_context` itself: see `posting`.
class suspension {
public:
    suspension() noexcept = default;
    suspension(const suspension&) = delete;
    suspension& operator=(const suspension&) = delete;
    virtual ~suspension() = default;

    /// Suspends the coroutine that awaits this until `what` is finished.
    [[nodiscard]] static task<void> of(std::unique_ptr<suspension> what);

    /// Lets the coroutine go on, from its event loop and never from in here; an error is thrown there, as
    /// `std::system_error`. On the thread of the coroutine.
    static void finish(std::unique_ptr<suspension> self, asio::error_code result);

protected:
    /// The executor of the coroutine, once that is suspended.
    [[nodiscard]] asio::any_io_executor executor() const noexcept { return resume_->get_executor(); }
    [[nodiscard]] asio::execution_context& context() const noexcept {
        return asio::query(executor(), asio::execution::context);
    }

private:
    using resumption = asio::async_result<asio::use_awaitable_t<>, void(asio::error_code)>::handler_type;
    class end;

    /// The coroutine is suspended. `self` is this, and is to be taken by whoever will finish it; before that,
    /// `std::bad_alloc` may be thrown.
    virtual void begin(std::unique_ptr<suspension>& self) = 0;
    /// The coroutine is cancelled, and this has to finish.
    virtual void cancel() = 0;

    static void start(std::unique_ptr<suspension> self);
    static void go_on(std::unique_ptr<suspension> self);

    std::optional<resumption> resume_;
    asio::error_code result_;
    posting<sizeof(std::unique_ptr<suspension>)> posting_;
};

} // namespace rill::detail
