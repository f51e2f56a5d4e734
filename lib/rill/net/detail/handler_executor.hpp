#pragma once

#include <rill/net/detail/shard.hpp>

#include <asio/dispatch.hpp>
#include <asio/execution/blocking.hpp>
#include <asio/execution/context.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <cstdint>
#include <utility>

namespace rill::detail {

/// The event loop of a shard as a handler's coroutine sees it. Each turn in which the coroutine goes on is
/// measured, so that one that blocks its thread is found, whatever it has awaited. It runs on the shard's
/// thread, may be used from any thread, and is valid for as long as the shard's context.
class handler_executor {
public:
    /// `handler` is a number by which `home` finds the request: see `shard::number_handler`.
    handler_executor(shard& home, std::uint64_t handler) noexcept : home_{&home}, handler_{handler} {}

    [[nodiscard]] asio::io_context& query(asio::execution::context_t) const noexcept {
        return home_->context();
    }
    [[nodiscard]] handler_executor require(asio::execution::blocking_t::never_t) const noexcept {
        return {*home_, handler_, true};
    }
    [[nodiscard]] handler_executor require(asio::execution::blocking_t::possibly_t) const noexcept {
        return {*home_, handler_, false};
    }

    template <typename Function>
    void execute(Function&& function) const {
        auto turn = [home = home_, handler = handler_,
                     function = std::forward<Function>(function)]() mutable {
            const shard::handler_turn measured{*home, handler};
            std::move(function)();
        };
        const auto loop = home_->context().get_executor();
        if (posts_)
            asio::post(loop, std::move(turn));
        else
            asio::dispatch(loop, std::move(turn));
    }

    /// Whether both run on the same event loop.
    friend bool operator==(const handler_executor& a, const handler_executor& b) noexcept {
        return a.home_ == b.home_ && a.posts_ == b.posts_;
    }

private:
    handler_executor(shard& home, std::uint64_t handler, bool posts) noexcept
        : home_{&home}, handler_{handler}, posts_{posts} {}

    shard* home_;
    std::uint64_t handler_ : 63;
    std::uint64_t posts_ : 1 = 0;
};

} // namespace rill::detail
