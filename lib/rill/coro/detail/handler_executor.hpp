#pragma once

#include <rill/coro/detail/turns.hpp>

#include <asio/dispatch.hpp>
#include <asio/execution/blocking.hpp>
#include <asio/execution/context.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <cstdint>
#include <utility>

namespace rill::detail {

/// The event loop of a shard as a handler's coroutine sees it: each turn in which the coroutine goes on is
/// measured. It runs on the shard's thread, may be used from any thread, and is valid for as long as the
/// shard's context.
class handler_executor {
public:
    /// `handler` is the number by which the observer of `where` knows the handler; it has 63 bits.
    handler_executor(turns& where, std::uint64_t handler) noexcept : turns_{&where}, handler_{handler} {}

    [[nodiscard]] asio::io_context& query(asio::execution::context_t) const noexcept {
        return turns_->context();
    }
    [[nodiscard]] handler_executor require(asio::execution::blocking_t::never_t) const noexcept {
        return {*turns_, handler_, true};
    }
    [[nodiscard]] handler_executor require(asio::execution::blocking_t::possibly_t) const noexcept {
        return {*turns_, handler_, false};
    }

    template <typename Function>
    void execute(Function&& function) const {
        auto turn = [where = turns_, handler = handler_,
                     function = std::forward<Function>(function)]() mutable {
            where->run(handler, std::move(function));
        };
        const auto loop = turns_->context().get_executor();
        if (posts_)
            asio::post(loop, std::move(turn));
        else
            asio::dispatch(loop, std::move(turn));
    }

    /// Runs it now, as a turn of the handler; on the shard's thread, from the event loop.
    template <typename Function>
    void run(Function&& function) const {
        turns_->run(handler_, std::forward<Function>(function));
    }

    /// Whether both run on the same event loop.
    friend bool operator==(const handler_executor& a, const handler_executor& b) noexcept {
        return a.turns_ == b.turns_ && a.posts_ == b.posts_;
    }

private:
    handler_executor(turns& where, std::uint64_t handler, bool posts) noexcept
        : turns_{&where}, handler_{handler}, posts_{posts} {}

    turns* turns_;
    std::uint64_t handler_ : 63;
    std::uint64_t posts_ : 1 = 0;
};

} // namespace rill::detail
