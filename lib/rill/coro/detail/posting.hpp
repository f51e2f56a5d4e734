#pragma once

#include <rill/coro/detail/handler_executor.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/execution/allocator.hpp>
#include <asio/execution/blocking.hpp>
#include <asio/execution/context.hpp>
#include <asio/execution/execute.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <array>
#include <cstddef>
#include <new>
#include <typeinfo>
#include <utility>

namespace rill::detail {

/// What `executor` is, if that is an `Executor`. (Its own `target` takes the caller's word for it.)
template <typename Executor>
[[nodiscard]] const Executor* as(const asio::any_io_executor& executor) noexcept {
    return executor.target_type() == typeid(Executor) ? executor.target<Executor>() : nullptr;
}

/// Memory for a call that is posted, one at a time, so that posting it cannot fail where the executor is that
/// of an `asio::io_context`, or of a handler. Any other executor (a strand, a pool of threads) takes memory
/// of its own, and `post` throws what it throws. What is posted may be as large as `Size`, in bytes.
template <std::size_t Size>
class posting {
public:
    posting() noexcept = default;
    posting(const posting&) = delete;
    posting& operator=(const posting&) = delete;

    /// Calls `what` from the event loop. `what` may own this: when it is called or dropped, the memory is
    /// free again. By the executor of a handler, it is called by its event loop, and not as a turn of the
    /// handler.
    template <typename Function>
    void post(const asio::any_io_executor& executor, Function what) {
        if (const auto* handler = as<handler_executor>(executor))
            post_to(handler->query(asio::execution::context), std::move(what));
        else if (const auto* loop = as<asio::io_context::executor_type>(executor))
            post_to(asio::query(*loop, asio::execution::context), std::move(what));
        else
            asio::post(executor, std::move(what));
    }

private:
    template <typename T>
    class allocator {
    public:
        using value_type = T;
        explicit allocator(posting& whose) noexcept : whose_{&whose} {}
        template <typename Other>
        // NOLINTNEXTLINE(google-explicit-constructor): allocators convert
        allocator(const allocator<Other>& other) noexcept : whose_{other.whose_} {}

        [[nodiscard]] T* allocate(std::size_t count) {
            static_assert(sizeof(T) <= sizeof whose_->memory_ && alignof(T) <= alignof(std::max_align_t));
            if (count != 1) throw std::bad_array_new_length{};
            return reinterpret_cast<T*>(whose_->memory_.data());
        }
        void deallocate(T*, std::size_t) noexcept {}

        friend bool operator==(const allocator&, const allocator&) noexcept = default;

    private:
        template <typename>
        friend class allocator;
        posting* whose_;
    };

    template <typename Function>
    void post_to(asio::io_context& loop, Function what) {
        asio::execution::execute(asio::require(loop.get_executor(), asio::execution::blocking.never,
                                               asio::execution::allocator(allocator<void>{*this})),
                                 std::move(what));
    }

    /// What Asio adds: three words of its own, and the allocator.
    alignas(std::max_align_t) std::array<std::byte, 4 * sizeof(void*) + Size> memory_;
};

} // namespace rill::detail
