#pragma once

#include <rill/coro/event_stream.hpp>
#include <rill/coro/task.hpp>

#include "coro_driving.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

/// Owns a text, and knows of every object of its kind whether it lives: one that is destroyed twice, or
/// copied bit by bit to another place, is found out.
class tracked {
public:
    explicit tracked(std::string_view what) : text{what} { enter(); }
    tracked(const tracked& other) : text{other.text} { enter(); }
    tracked(tracked&& other) noexcept : text{std::move(other.text)} { enter(); }
    tracked& operator=(const tracked&) = default;
    tracked& operator=(tracked&&) = default;
    ~tracked() {
        if (living().erase(this) > 0) return;
        ++faults();
        new (&text) std::string; // it is gone already: give the destructor something to destroy
    }

    static std::set<const void*>& living() {
        static std::set<const void*> objects;
        return objects;
    }
    static int& faults() {
        static int count = 0;
        return count;
    }

    std::string text;

private:
    void enter() {
        if (!living().insert(this).second) ++faults();
    }
};

/// Too long for a string to hold without the heap.
inline constexpr std::string_view long_text = "a text that is too long for the string itself";

/// Gives `text` to whoever awaits it, after others had their turn.
inline rill::task<tracked> later(std::string_view text) {
    const tracked answer{text};
    co_await asio::post(asio::use_awaitable);
    co_return answer;
}

/// Takes its argument by reference, and looks at it after a while.
inline rill::task<std::size_t> measure(const tracked& what) {
    co_await asio::post(asio::use_awaitable);
    co_return what.text.size();
}

/// Takes its argument by value.
inline rill::task<std::size_t> keep(tracked what) {
    co_await asio::post(asio::use_awaitable);
    co_return what.text.size();
}

/// Fails after a while.
inline rill::task<std::size_t> fail(const tracked&) {
    co_await asio::post(asio::use_awaitable);
    throw 1;
}

inline void check_that_all_are_gone() {
    CHECK(std::exchange(tracked::faults(), 0) == 0);
    CHECK(tracked::living().empty());
    tracked::living().clear();
}

/// Lets a handler come to rest `rests` times, and destroys it then. Gives the bytes of data that it yielded,
/// and no value if it came to its end.
inline std::optional<std::size_t> run_stream(rill::event_stream (*handler)(), std::size_t rests,
                                             std::size_t& bytes) {
    bytes = 0;
    auto stream = handler();
    for (; rests > 0; --rests) switch (stream.resume()) {
        case rill::event_stream::state::yielded: bytes += stream.current().data.size(); break;
        case rill::event_stream::state::waiting: run_operation(stream); break;
        case rill::event_stream::state::relaying: break; // its elements are dropped
        case rill::event_stream::state::finished: stream.result(); return bytes;
        }
    return std::nullopt;
}

/// Checks that the locals and the temporaries of a handler die once, wherever it stands when it is destroyed.
/// It has to yield `bytes` bytes of data.
inline void check_stream(rill::event_stream (*handler)(), std::size_t bytes = long_text.size()) {
    for (std::size_t rests = 0;; ++rests) {
        CAPTURE(rests);
        std::size_t yielded = 0;
        const auto whole = run_stream(handler, rests, yielded);
        check_that_all_are_gone();
        if (!whole) continue;
        CHECK(*whole == bytes);
        CHECK(rests >= 2);
        return;
    }
}

/// The same for a task: its frames are destroyed after each number of turns of its event loop.
inline void check_task(rill::task<std::size_t> (*work)(), std::size_t result = long_text.size()) {
    for (int turns = 0;; ++turns) {
        CAPTURE(turns);
        std::optional<std::size_t> got;
        {
            asio::io_context context{1};
            asio::co_spawn(context, work(), [&got](const std::exception_ptr& failure, std::size_t value) {
                CHECK(!failure);
                got = value;
            });
            for (int i = 0; i < turns; ++i) context.poll_one();
        }
        check_that_all_are_gone();
        if (!got) continue;
        CHECK(*got == result);
        CHECK(turns >= 2);
        return;
    }
}
