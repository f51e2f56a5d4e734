#pragma once

#include <rill/base/detail/batch.hpp>
#include <rill/base/export.hpp>
#include <rill/coro/task.hpp>
#include <rill/sse/message.hpp>

#include <asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rill::detail {

/// Events that are encoded already, as they come: what is due to one reader of them. A topic's subscription
/// is one; a connection sends what it gives as it is.
///
/// A feed belongs to one thread, or strand, at a time, and so does its consumer.
class RILL_EXPORT feed {
public:
    using batch = detail::batch;

    /// What a consumer is told by.
    class consumer {
    public:
        /// There is something to take, or the end. Called from the event loop, once for each `wait`.
        /// `scratch` is for `take`: consumers that are called one after the other often need the same.
        virtual void on_news(batch& scratch) = 0;

    protected:
        ~consumer() = default;
    };

    enum class state : std::uint8_t {
        some,  ///< there is something in the batch
        none,  ///< nothing is due: `wait`
        ended, ///< and nothing ever will be
        cut,   ///< the same, and what was taken before holds too much memory: it is to be dropped
    };

    /// For the log of who cuts a client for that.
    static constexpr std::string_view why_cut =
        "too much memory is held for it by events that are no longer kept";

    virtual ~feed() = default;

    /// Gives what is due, whole events of `bytes` together or one more, and takes it as delivered. Throws
    /// what the reader's own code throws, and is then of no more use.
    [[nodiscard]] virtual state take(std::size_t bytes, batch& into) = 0;

    /// Has `who` told, by way of `executor`, as soon as there is something to take: if there is already, in
    /// the next turn of the event loop. It must not be destroyed before it is told, or the feed is, or
    /// `stop_waiting`.
    virtual void wait(consumer& who, const asio::any_io_executor& executor) = 0;
    /// The same for who cannot take anything now: it is told only if it loses its place, so that `take` would
    /// give the end.
    virtual void pause(consumer& who, const asio::any_io_executor& executor) = 0;
    virtual void stop_waiting() noexcept = 0;

    /// The same for who reads message by message: the next one, or null at the end.
    [[nodiscard]] virtual task<const message*> next() = 0;
};

} // namespace rill::detail
