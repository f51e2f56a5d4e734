#pragma once

#include <rill/base/detail/block.hpp>
#include <rill/base/export.hpp>
#include <rill/coro/task.hpp>
#include <rill/sse/message.hpp>

#include <asio/any_io_executor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace rill::detail {

/// Events that are encoded already, as they come: what is due to one reader of them. A topic's subscription
/// is one; a connection sends what it gives as it is.
///
/// A feed belongs to one thread, or strand, at a time, and so does its consumer.
class RILL_EXPORT feed {
public:
    /// Whole events, one after the other, in at most so many pieces that they go out with one system call.
    class batch {
    public:
        static constexpr std::size_t most = 8;

        [[nodiscard]] std::span<const shared_bytes> pieces() const noexcept {
            return std::span{pieces_}.first(count_);
        }
        [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
        [[nodiscard]] bool full() const noexcept { return count_ == most; }
        [[nodiscard]] std::size_t size() const noexcept { return size_; }

        /// Not to be called when full.
        void add(shared_bytes piece) noexcept {
            size_ += piece.bytes.size();
            pieces_[count_++] = std::move(piece);
        }
        void clear() noexcept {
            while (count_ > 0) pieces_[--count_] = {};
            size_ = 0;
            source = nullptr;
        }

        // For the feed: whose events these are and where they stand, so that a batch which the next consumer
        // needs, too, is found to be just that.
        const void* source = nullptr;
        std::uint64_t from = 0, to = 0;

    private:
        std::array<shared_bytes, most> pieces_;
        std::size_t count_ = 0;
        std::size_t size_ = 0;
    };

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
