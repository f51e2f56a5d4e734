#pragma once

#include <rill/coro/detail/feed.hpp>
#include <rill/topic/detail/batch_builder.hpp>
#include <rill/topic/detail/core.hpp>
#include <rill/topic/subscribe_options.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rill::detail {

/// What a subscription is: one cursor in most cases, and whatever else its options and its use call for.
class subscription_feed final : public feed, public cursor::reader {
public:
    /// Throws `topic_errc::too_many_subscribers`. `topics` are different ones, at least one.
    subscription_feed(std::span<const std::shared_ptr<topic_core>> topics, std::string_view last_event_id,
                      const subscribe_options& options);
    subscription_feed(const subscription_feed&) = delete;
    subscription_feed& operator=(const subscription_feed&) = delete;
    ~subscription_feed() override;

    state take(std::size_t bytes, batch& into) override;
    void wait(consumer& who, const asio::any_io_executor& executor) override;
    void pause(consumer& who, const asio::any_io_executor& executor) override;
    void stop_waiting() noexcept override;
    task<const message*> next() override;
    [[nodiscard]] task<std::span<const message>> next_batch();
    /// See `subscription::at_end`.
    [[nodiscard]] bool at_end();

private:
    class reading;

    void on_news(batch& scratch) noexcept override;

    /// What else there is where more than one topic is followed.
    struct several {
        std::deque<cursor> others;
        std::size_t turn = 0; ///< the cursor that is served first when something is taken next
    };
    /// What became of a part of the log.
    enum class added : std::uint8_t {
        all,
        some,   ///< there is no room for more
        failed, ///< the filter has thrown
    };

    [[nodiscard]] state end_of_fallen();
    [[nodiscard]] state take_own(std::size_t bytes, batch& into);
    [[nodiscard]] added add_excerpt(batch_builder& to, cursor& c, const topic_core::excerpt& part);
    void add_event(batch_builder& to, const cursor& c, const topic_core::excerpt& part,
                   const topic_core::item& item) const;
    [[nodiscard]] bool opens_the_stream(const cursor& c);
    [[nodiscard]] bool has_nothing_left(cursor& c);
    [[nodiscard]] bool passes(const topic_core::item& item) const;
    [[nodiscard]] std::string id_with(const cursor& c, std::uint64_t sequence) const;
    template <typename Visit>
    void for_each_cursor(Visit visit);
    [[nodiscard]] std::size_t cursors() const noexcept { return several_ ? several_->others.size() + 1 : 1; }
    [[nodiscard]] cursor& cursor_at(std::size_t n) noexcept {
        return n == 0 ? first_ : several_->others[n - 1];
    }
    [[nodiscard]] task<bool> fill();

    const std::optional<std::uint64_t> except_from_;
    const bool resumes_; ///< the reader came with an id
    consumer* consumer_ = nullptr;
    std::unique_ptr<const event_filter> filter_;
    std::shared_ptr<reading> reading_; ///< for a reader that uses `next`
    cursor first_;
    std::unique_ptr<several> several_;
};

} // namespace rill::detail
