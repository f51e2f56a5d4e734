// The end of a stream, wherever its handler stands.
#include <rill/coro/event_stream.hpp>
#include <rill/coro/sleep.hpp>

#include "coro_driving.hpp"

#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

using namespace std::chrono_literals;
using rill::event_stream;
using state = rill::event_stream::state;

namespace {

/// Tells of its death.
class local {
public:
    local(std::string& log, char name) : log_{log}, name_{name} {}
    local(const local&) = delete;
    local& operator=(const local&) = delete;
    ~local() { log_ += name_; }

private:
    std::string& log_;
    char name_;
};

rill::task<> pass() {
    co_await asio::post(asio::use_awaitable);
}

/// Comes to rest in a different place each time: five times, then it ends.
event_stream wander(std::string& log) {
    const local a{log, 'a'};
    co_yield {.data = "with a"};
    {
        const local b{log, 'b'};
        co_await pass();
        const local c{log, 'c'};
        co_yield {.data = "with a, b, c"};
    }
    const local d{log, 'd'};
    co_await pass();
    try {
        const local e{log, 'e'};
        co_yield {.data = "in a try"};
    } catch (...) {
        log += '!'; // destroying a handler is no exception to it
    }
}

} // namespace

TEST_CASE("a stream that never ran is destroyed with its arguments") {
    auto argument = std::make_shared<int>(1);
    const std::weak_ptr<int> watch{argument};
    {
        const auto handler = [](std::shared_ptr<int>) -> event_stream { co_return; };
        const auto stream = handler(std::move(argument));
        CHECK_FALSE(watch.expired());
    }
    CHECK(watch.expired());
}

TEST_CASE("a stream that is destroyed while its handler rests destroys its locals, the youngest first") {
    const auto run_until = [](int rests) {
        std::string log;
        {
            auto stream = wander(log);
            for (; rests > 0; --rests)
                if (stream.resume() == state::waiting) run_operation(stream);
            log += '|';
        }
        return log;
    };
    CHECK(run_until(0) == "|");
    CHECK(run_until(1) == "|a");
    CHECK(run_until(2) == "|ba");
    CHECK(run_until(3) == "|cba");
    CHECK(run_until(4) == "cb|da");
    CHECK(run_until(5) == "cb|eda");
    CHECK(run_until(6) == "cbeda|");
}

TEST_CASE("a stream may be destroyed before what it waits for was begun") {
    std::string log;
    {
        auto stream = wander(log);
        REQUIRE(stream.resume() == state::yielded);
        REQUIRE(stream.resume() == state::waiting);
        SUBCASE("not even asked for") {}
        SUBCASE("asked for and dropped") {
            static_cast<void>(stream.operation());
        }
    }
    CHECK(log == "ba");
}

TEST_CASE("a stream may be destroyed once what it waits for has failed") {
    std::string log;
    {
        const auto handler = [](std::string& out) -> event_stream {
            const local a{out, 'a'};
            co_await []() -> rill::task<> {
                co_await pass();
                throw 1;
            }();
        };
        auto stream = handler(log);
        REQUIRE(stream.resume() == state::waiting);
        run_operation(stream);
    }
    CHECK(log == "a");
}

TEST_CASE("assigning to a stream ends the one before it") {
    std::string log;
    auto stream = wander(log);
    REQUIRE(stream.resume() == state::yielded);
    {
        auto other = wander(log);
        stream = std::move(other);
    }
    CHECK(log == "a");
}

TEST_CASE("a context that is destroyed destroys consumer, stream, and what the handler awaits, the youngest "
          "first") {
    std::string log;
    {
        asio::io_context context{1};
        const auto handler = [](std::string& out) -> event_stream {
            const local a{out, 'a'};
            co_await [](std::string& text) -> rill::task<> {
                const local b{text, 'b'};
                co_await rill::sleep_for(1h);
            }(out);
            co_yield {.data = "never"};
        };
        const auto consumer = [](event_stream stream, std::string& out) -> rill::task<> {
            const local c{out, 'c'};
            static_cast<void>(co_await stream.next());
        };
        asio::co_spawn(context, consumer(handler(log), log), [](const std::exception_ptr&) {});
        context.poll();
        CHECK(log.empty());
    }
    CHECK(log == "bca");
}
