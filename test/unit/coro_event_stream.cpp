#include <rill/coro/event_stream.hpp>
#include <rill/coro/sleep.hpp>

#include "coro_driving.hpp"

#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using rill::event_stream;
using state = rill::event_stream::state;

namespace {

rill::task<int> later(int value) {
    co_await asio::post(asio::use_awaitable);
    co_return value;
}

rill::task<int> fail_later(const char* why) {
    co_await asio::post(asio::use_awaitable);
    throw std::runtime_error{why};
}

/// All that a stream yields, by the simplest consumer.
rill::task<std::vector<std::string>> collect(event_stream stream) {
    std::vector<std::string> all;
    while (const auto* e = co_await stream.next()) all.emplace_back(e->data);
    co_return all;
}

using texts = std::vector<std::string>;

} // namespace

static_assert(!std::is_copy_constructible_v<event_stream> && !std::is_default_constructible_v<event_stream>);
static_assert(std::is_nothrow_move_constructible_v<event_stream> &&
              std::is_nothrow_move_assignable_v<event_stream>);

TEST_CASE("nothing runs before the stream is resumed") {
    bool ran = false;
    const auto handler = [](bool& flag) -> event_stream {
        flag = true;
        co_return;
    };
    auto stream = handler(ran);
    CHECK_FALSE(ran);
    CHECK(stream.resume() == state::finished);
    CHECK(ran);
    CHECK_NOTHROW(stream.result());
}

TEST_CASE("each way to rest has its state") {
    const auto handler = []() -> event_stream {
        co_yield {.id = "1", .data = "one"};
        const auto n = co_await later(2);
        co_yield {.data = std::to_string(n)};
    };
    auto stream = handler();
    REQUIRE(stream.resume() == state::yielded);
    CHECK(stream.current().id == "1");
    CHECK(stream.current().data == "one");
    REQUIRE(stream.resume() == state::waiting);
    run_operation(stream);
    REQUIRE(stream.resume() == state::yielded);
    CHECK(stream.current().data == "2");
    CHECK(stream.resume() == state::finished);
}

TEST_CASE("a wait that is nothing but a sleep is known for it, and may be run all the same") {
    const auto handler = []() -> event_stream {
        co_await rill::sleep_for(5ms);
        co_yield {.data = "slept"};
        co_await later(1);
        co_await [](rill::task<> nap) -> rill::task<> { co_await std::move(nap); }(rill::sleep_for(5ms));
        co_await rill::sleep_for(-1s);
    };
    auto stream = handler();
    REQUIRE(stream.resume() == state::waiting);
    CHECK(stream.sleep() == 5ms);
    REQUIRE(stream.resume() == state::yielded); // it was left at that
    CHECK(stream.current().data == "slept");
    for (int operations = 0; operations < 2; ++operations) {
        REQUIRE(stream.resume() == state::waiting);
        CHECK_FALSE(stream.sleep());
        run_operation(stream);
    }
    REQUIRE(stream.resume() == state::waiting);
    CHECK(stream.sleep() == -1s);
    run_operation(stream);
    CHECK(stream.resume() == state::finished);
}

TEST_CASE("an event is yielded by reference: no byte of it is copied") {
    const std::string text(1000, 'x');
    const auto handler = [](const std::string& data) -> event_stream { co_yield {.data = data}; };
    auto stream = handler(text);
    REQUIRE(stream.resume() == state::yielded);
    CHECK(stream.current().data.data() == text.data());
}

TEST_CASE("a handler awaits values, references to move-only ones too, and nothing") {
    const auto handler = []() -> event_stream {
        const auto n = co_await later(7);
        const auto held =
            co_await []() -> rill::task<std::unique_ptr<int>> { co_return std::make_unique<int>(8); }();
        int by_void = 0;
        co_await [](int& out) -> rill::task<> { out = co_await later(9); }(by_void);
        co_yield {.data = std::to_string(n) + std::to_string(*held) + std::to_string(by_void)};
    };
    CHECK(run(collect(handler())) == texts{"789"});
}

TEST_CASE("what an awaited task throws is thrown at the co_await") {
    const auto handler = []() -> event_stream {
        std::string caught;
        try {
            co_await fail_later("a value");
        } catch (const std::runtime_error& e) {
            caught = e.what();
        }
        co_yield {.data = caught};
        try {
            co_await []() -> rill::task<> {
                co_await later(1);
                throw std::runtime_error{"nothing"};
            }();
        } catch (const std::runtime_error& e) {
            caught = e.what();
        }
        co_yield {.data = caught};
    };
    CHECK(run(collect(handler())) == texts{"a value", "nothing"});
}

TEST_CASE("what a handler does not catch ends the stream, and is its result") {
    const auto handler = []() -> event_stream {
        co_yield {.data = "one"};
        co_await fail_later("boom");
        co_yield {.data = "never"};
    };
    auto stream = handler();
    REQUIRE(stream.resume() == state::yielded);
    REQUIRE(stream.resume() == state::waiting);
    run_operation(stream);
    REQUIRE(stream.resume() == state::finished);
    CHECK_THROWS_WITH_AS(stream.result(), "boom", std::runtime_error);
    CHECK_THROWS_WITH_AS(run(collect(handler())), "boom", std::runtime_error);
}

TEST_CASE("a handler may throw at once, and anything") {
    const auto handler = []() -> event_stream {
        throw 42;
        co_return; // makes it a coroutine
    };
    auto stream = handler();
    REQUIRE(stream.resume() == state::finished);
    CHECK_THROWS_AS(stream.result(), int);
}

TEST_CASE("a refused event throws at its co_yield, once") {
    const auto handler = []() -> event_stream {
        std::string caught;
        try {
            co_yield {.id = "refuse me"};
        } catch (const std::invalid_argument& e) {
            caught = e.what();
        }
        co_yield {.data = caught};
        co_yield {.data = "and on"};
    };
    auto stream = handler();
    REQUIRE(stream.resume() == state::yielded);
    stream.refuse(std::make_exception_ptr(std::invalid_argument{"no such id"}));
    REQUIRE(stream.resume() == state::yielded);
    CHECK(stream.current().data == "no such id");
    REQUIRE(stream.resume() == state::yielded);
    CHECK(stream.current().data == "and on");
    CHECK(stream.resume() == state::finished);
    CHECK_NOTHROW(stream.result());
}

TEST_CASE("a refusal that the handler does not catch is its result") {
    const auto handler = []() -> event_stream { co_yield {.data = "x"}; };
    auto stream = handler();
    REQUIRE(stream.resume() == state::yielded);
    stream.refuse(std::make_exception_ptr(std::invalid_argument{"no"}));
    REQUIRE(stream.resume() == state::finished);
    CHECK_THROWS_WITH_AS(stream.result(), "no", std::invalid_argument);
}

TEST_CASE("next gives event after event, then null") {
    const auto handler = []() -> event_stream {
        for (int n = 1; n <= 3; ++n) co_yield {.data = std::to_string(co_await later(n))};
    };
    CHECK(run(collect(handler())) == texts{"1", "2", "3"});
    const auto empty = []() -> event_stream { co_return; };
    CHECK(run(collect(empty())).empty());
}

TEST_CASE("a stream may relay another one") {
    const auto inner = [](int n) -> event_stream {
        while (n-- > 0) co_yield {.data = std::to_string(co_await later(n))};
    };
    const auto outer = [&inner]() -> event_stream {
        auto source = inner(3);
        while (const auto* e = co_await source.next()) co_yield *e;
        co_yield {.data = "end"};
    };
    CHECK(run(collect(outer())) == texts{"2", "1", "0", "end"});
}

TEST_CASE("a moved stream goes on where it was") {
    const auto handler = [](int n) -> event_stream {
        for (;; ++n) co_yield {.data = std::to_string(n)};
    };
    auto first = handler(1);
    REQUIRE(first.resume() == state::yielded);
    auto second = std::move(first);
    CHECK(second.current().data == "1");
    REQUIRE(second.resume() == state::yielded);
    CHECK(second.current().data == "2");
    auto other = handler(10);
    other = std::move(second);
    REQUIRE(other.resume() == state::yielded);
    CHECK(other.current().data == "3");
}

TEST_CASE("the executor of a handler is that of its consumer") {
    asio::io_context context{1};
    const auto handler = [](asio::io_context& expected) -> event_stream {
        const asio::any_io_executor executor = co_await asio::this_coro::executor;
        co_yield {.data = executor == expected.get_executor() ? "the same" : "another"};
    };
    texts got;
    asio::co_spawn(context, collect(handler(context)),
                   [&got](const std::exception_ptr&, texts all) { got = std::move(all); });
    context.run();
    CHECK(got == texts{"the same"});
}

TEST_CASE("a hundred thousand tasks that complete at once do not pile up on the stack") {
    const auto handler = []() -> event_stream {
        int sum = 0;
        for (int n = 0; n < 100'000; ++n) sum += co_await []() -> rill::task<int> { co_return 1; }();
        co_yield {.data = std::to_string(sum)};
    };
    CHECK(run(collect(handler())) == texts{"100000"});
}
