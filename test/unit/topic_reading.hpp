#pragma once

#include <rill/topic/topic.hpp>

#include "app_asking.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What an id that a topic gave says.
struct place {
    explicit place(std::string_view id) {
        CAPTURE(id);
        constexpr std::string_view hex = "0123456789abcdef";
        REQUIRE(id.size() > 13);
        REQUIRE(id[12] == '-');
        epoch = id.substr(0, 12);
        REQUIRE(epoch.find_first_not_of(hex) == epoch.npos);
        const auto* const end = id.data() + id.size();
        const auto [stop, failure] = std::from_chars(id.data() + 13, end, sequence);
        REQUIRE(failure == std::errc{});
        REQUIRE(stop == end);
    }

    std::string epoch;
    std::uint64_t sequence = 0;
};

/// A message in a word: its data, and before it its type, if it has one.
inline std::string word(const rill::message& m) {
    return m.type == "message" ? m.data : m.type + m.data;
}

/// What came, in words: `1 2 gap{"reason":"trimmed","missed":7} 10`.
inline std::string words(const std::vector<rill::message>& events) {
    std::string all;
    for (const auto& m : events) all += (all.empty() ? "" : " ") + word(m);
    return all;
}

/// The numbers from `first` to `last`, in words.
inline std::string numbers(int first, int last) {
    std::string all;
    for (int n = first; n <= last; ++n) all += (all.empty() ? "" : " ") + std::to_string(n);
    return all;
}

/// The gap events are of this form where nothing can be counted, and of that where it can.
inline std::string gap(std::string_view reason) {
    return fmt::format(R"(gap{{"reason":"{}"}})", reason);
}
inline std::string gap(std::string_view reason, std::uint64_t missed) {
    return fmt::format(R"(gap{{"reason":"{}","missed":{}}})", reason, missed);
}

/// The code of the `rill::error` that `call` throws; none if it throws nothing.
template <typename Call>
std::error_code refusal_of(Call call) {
    try {
        call();
        return {};
    } catch (const rill::error& e) {
        return e.code();
    }
}

/// A topic whose events "/" streams.
class room {
public:
    using headers = site::headers;

    explicit room(const rill::topic_options& options = {}, const rill::server_options& serving = {})
        : topic{options}, web{serving} {
        web.routes.get("/", [this](rill::request& request) { return topic.subscribe(request); })
            .get("/all", [this](rill::request& request) {
                return topic.subscribe(request, {.start = rill::start::earliest});
            });
    }

    /// A client that comes for the first time, or again with the id that it saw last.
    [[nodiscard]] rill::testing::reply join(std::string_view last_event_id = {},
                                            std::string_view path = "/") {
        if (last_event_id.empty()) return web.send("GET", path);
        return web.send("GET", path, {{"Last-Event-ID", last_event_id}});
    }

    /// Publishes, and has it delivered.
    std::string say(std::string_view text, const rill::publish_options& options = {}) {
        auto id = topic.publish({.data = text}, options);
        web.server().run();
        return id;
    }
    /// The same for the numbers from `first` to `last`, one by one; gives the last id.
    std::string count(int first, int last) {
        std::string id;
        for (int n = first; n <= last; ++n) id = say(std::to_string(n));
        return id;
    }

    rill::topic topic;
    site web;
};

/// What a subscription that nobody waits on gives at once, batch by batch, in words; `end` at its end.
inline std::string due_to(rill::subscription& from, int batches = 1) {
    struct once {
        static rill::task<void> read(rill::subscription& from, int batches, std::string& got) {
            for (; batches > 0; --batches) {
                const auto batch = co_await from.next_batch();
                if (!got.empty()) got += ' ';
                for (const auto& m : batch) got += word(m) + (&m == &batch.back() ? "" : " ");
                if (batch.empty()) got += "end";
            }
        }
    };
    std::string got;
    asio::io_context context{1};
    asio::co_spawn(context, once::read(from, batches, got), asio::detached);
    context.poll();
    return got;
}

/// Takes all that the server has for `reply`, however little the connection holds at a time: of the framing
/// between two events there is less than so many times nothing.
inline const std::vector<rill::message>& drained(rill::testing::reply& reply) {
    std::size_t size = 0;
    for (int nothing = 0; nothing < 30; ++nothing)
        if (const auto now = reply.body().size(); now != std::exchange(size, now)) nothing = 0;
    return reply.events();
}

/// Reads a subscription in an event loop of its own, as a coroutine of any program does.
class reader {
public:
    explicit reader(rill::subscription from) {
        asio::co_spawn(context_, read(std::move(from), *this),
                       asio::bind_cancellation_slot(cancellation_.slot(), [this](std::exception_ptr e) {
                           failure_ = std::move(e);
                           over_ = true;
                       }));
    }
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;

    /// Runs what can, and gives what came since the last call, in words.
    [[nodiscard]] std::string take() {
        run();
        auto got = words(got_);
        got_.clear();
        return got;
    }
    /// The same as messages.
    [[nodiscard]] std::vector<rill::message> messages() {
        run();
        return std::exchange(got_, {});
    }
    /// Whether `next` gave the end, or threw.
    [[nodiscard]] bool over() {
        run();
        return over_;
    }
    [[nodiscard]] std::exception_ptr failure() const { return failure_; }
    void cancel() { cancellation_.emit(asio::cancellation_type::terminal); }
    void run() {
        context_.restart();
        context_.poll();
    }

private:
    static rill::task<void> read(rill::subscription from, reader& self) {
        while (const auto* message = co_await from.next()) self.got_.push_back(*message);
    }

    std::vector<rill::message> got_;
    std::exception_ptr failure_;
    bool over_ = false;
    asio::cancellation_signal cancellation_;
    asio::io_context context_{1}; // goes first: with it goes the coroutine
};
