#pragma once

#include <rill/app/request.hpp>
#include <rill/app/response.hpp>
#include <rill/base/clock.hpp>
#include <rill/topic/topic.hpp>

#include "engine.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/cancellation_signal.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace llm {

/// An answer that goes on whoever listens, and can be listened to from its beginning as long as it is kept:
/// a topic, and the generation that publishes there.
///
///     token       a piece of the text, as it is
///     done        {"finish_reason":"stop","usage":{...}}; "cancelled" if somebody stopped it
///     failed      {"status":502,"error":{...}}: an error as the API has them, and no more comes
///
/// (An event of the name `error` is one that an EventSource has itself.)
///
/// The generation runs on one executor, its home, and everything that belongs to it is touched there only:
///
///     any thread:  listen() ──▶ topic ◀── publish ── generate()  :home
///                  stop() ─────────── posts ───────▶ cancelled_  :home
///                  seats (mutex) ◀──── looks ─────── watch()     :home
///
/// When the server goes, the home is destroyed with the coroutines in it, unfinished. A run must outlive
/// them: they hold it.
class run : public std::enable_shared_from_this<run> {
public:
    /// What of it a topic can hold. An answer that is larger ends there.
    static constexpr std::size_t most_pieces = 50'000;
    static constexpr std::size_t most_bytes = std::size_t{1} << 20;

    explicit run(asio::any_io_executor home);

    /// Begins, once. With a `grace` it is cancelled when nobody has listened for so long.
    void begin(std::unique_ptr<generation> from, std::optional<std::chrono::milliseconds> grace);

    /// The stream of its events, from the first one that the client has not seen; 204 if it has seen them
    /// all, which keeps an EventSource from coming again. Any thread.
    [[nodiscard]] rill::response listen(const rill::request& request);

    /// Cancels the generation, unless it is over. From a handler of the same server.
    void stop();

    /// When it ended; nothing as long as it goes on. Any thread.
    [[nodiscard]] std::optional<rill::time_point> ended_at() const;
    [[nodiscard]] std::size_t listeners() const;

private:
    /// A listener, for as long as it lives.
    class seat {
    public:
        explicit seat(std::shared_ptr<run> at);
        seat(const seat&) = delete;
        seat& operator=(const seat&) = delete;
        ~seat();

    private:
        std::shared_ptr<run> at_;
    };

    static rill::event_stream events(std::shared_ptr<run> of, rill::subscription from);
    static rill::task<void> generate(std::shared_ptr<run> into, std::unique_ptr<generation> from);
    static rill::task<void> watch(std::shared_ptr<run> over, std::chrono::milliseconds grace);
    /// How long it can still go on without a listener; nothing if there is one.
    [[nodiscard]] std::optional<rill::duration> patience(std::chrono::milliseconds grace) const;
    void end(std::string_view event, const std::string& data);

    const asio::any_io_executor home_;
    rill::topic topic_;
    asio::cancellation_signal cancelled_; ///< at home only

    mutable std::mutex mutex_; ///< guards what follows
    std::size_t seats_ = 0;
    rill::time_point left_at_; ///< when the last listener left, or it began
    std::optional<rill::time_point> ended_at_;
    std::string last_id_; ///< of the event that ended it
};

} // namespace llm
