#pragma once

#include <rill/coro/detail/feed.hpp>

#include "topic_reading.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

/// A reader as a connection is one: it takes all there is whenever it is told, and waits again.
class listener final : rill::detail::feed::consumer {
public:
    listener(rill::subscription from, asio::any_io_executor executor)
        : events_{elements_of(std::move(from))}, executor_{std::move(executor)} {
        rill::detail::feed::batch opening;
        take(opening);
        got.clear();
        wait();
    }
    listener(rill::topic& topic, asio::any_io_executor executor)
        : listener{topic.subscribe(), std::move(executor)} {}
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;
    ~listener() = default;

    void wait() { source().wait(*this, executor_); }
    void pause() { source().pause(*this, executor_); }
    void stop_waiting() { source().stop_waiting(); }
    void move_to(asio::any_io_executor executor) { executor_ = std::move(executor); }

    int told = 0;
    bool over = false;
    std::string got;                                       ///< in words
    const void* memory = nullptr;                          ///< where the last piece lies
    std::function<void()> before{};                        ///< called first when it is told
    std::size_t portion = std::numeric_limits<int>::max(); ///< bytes that it takes at a time

private:
    [[nodiscard]] rill::detail::feed& source() const { return events_.source(); }

    void on_news(rill::detail::feed::batch& scratch) override {
        ++told;
        if (before) {
            // It may destroy this reader.
            const auto call = before;
            const bool going = [&] {
                const std::weak_ptr<int> alive = alive_;
                call();
                return !alive.expired();
            }();
            if (!going) return;
        }
        take(scratch);
        if (!over) wait();
    }
    void take(rill::detail::feed::batch& into) {
        const auto state = source().take(portion, into);
        over = state == rill::detail::feed::state::ended;
        if (state != rill::detail::feed::state::some) return;
        for (const auto& piece : into.pieces()) {
            memory = piece.bytes.data();
            constexpr std::string_view mark = "\ndata: ";
            for (auto at = piece.bytes.find(mark); at != piece.bytes.npos;
                 at = piece.bytes.find(mark, at + 1)) {
                const auto begin = at + mark.size();
                if (!got.empty()) got += ' ';
                got += piece.bytes.substr(begin, piece.bytes.find('\n', begin) - begin);
            }
        }
    }

    rill::elements events_;
    asio::any_io_executor executor_;
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

/// Many readers of a topic in one event loop.
struct crowd {
    explicit crowd(std::size_t size, const rill::topic_options& options = {}) : topic{options} {
        for (std::size_t n = 0; n < size; ++n) readers.emplace_back(topic, context.get_executor());
        REQUIRE(turns() == 0);
    }

    void publish(int first, int last) {
        for (int n = first; n <= last; ++n) topic.publish({.data = std::to_string(n)});
    }
    /// Runs the event loop until it has nothing to do: so many handlers.
    std::size_t turns() {
        context.restart();
        return context.poll();
    }
    /// Runs handlers until one of them has told readers, or nothing is left to do: so many were told.
    int slice() {
        const auto before = told();
        context.restart();
        REQUIRE(context.poll_one() == 1);
        while (told() == before && context.poll_one() == 1) {
        }
        return told() - before;
    }
    [[nodiscard]] int told() const {
        int sum = 0;
        for (const auto& each : readers) sum += each.told;
        return sum;
    }
    [[nodiscard]] bool all_got(const std::string& expected) const {
        return std::ranges::all_of(readers, [&](const listener& l) { return l.got == expected; });
    }

    asio::io_context context{1};
    rill::topic topic;
    std::deque<listener> readers;
};
