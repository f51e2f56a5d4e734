#include <rill/coro/detail/timers.hpp>
#include <rill/coro/sleep.hpp>
#include <rill/rill.hpp>
#include <rill/testing/server.hpp>

#include "coro_driving.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// A coroutine that sleeps once, and how that ended.
class sleeper {
public:
    sleeper(asio::io_context& context, rill::duration time) {
        asio::co_spawn(context, sleep(time),
                       asio::bind_cancellation_slot(cancel_.slot(), [this](const std::exception_ptr& e) {
                           done_ = true;
                           try {
                               if (e) std::rethrow_exception(e);
                           } catch (const std::system_error& failure) {
                               failure_ = failure.code();
                           }
                       }));
        context.poll();
        context.restart();
    }

    void cancel(asio::cancellation_type type = asio::cancellation_type::terminal) { cancel_.emit(type); }
    [[nodiscard]] bool done() const { return done_; }
    [[nodiscard]] std::error_code failure() const { return failure_; }
    /// Lives as long as the coroutine's frame.
    [[nodiscard]] bool frame_lives() const { return !frame_.expired(); }

private:
    rill::task<> sleep(rill::duration time) {
        const auto local = std::make_shared<int>();
        frame_ = local;
        co_await rill::sleep_for(time);
    }

    asio::cancellation_signal cancel_;
    std::weak_ptr<int> frame_;
    std::error_code failure_;
    bool done_ = false;
};

/// A context of Asio's, and one with the clock that Rill's servers have.
void with_both_kinds(void (*test)(asio::io_context&)) {
    asio::io_context plain{1};
    test(plain);
    asio::io_context rills{1};
    asio::make_service<rill::detail::timers>(rills);
    test(rills);
}

} // namespace

TEST_CASE("a handler sleeps by the clock of its server") {
    rill::router routes;
    routes.get("/", [](rill::request&) -> rill::task<rill::response> {
        co_await rill::sleep_for(24h);
        co_return rill::response::text("good morning");
    });
    rill::testing::server server{routes};
    auto reply = server.get("/");
    server.advance(24h - 1ms);
    CHECK_FALSE(reply.has_head());
    server.advance(1ms);
    CHECK(reply.body() == "good morning");
}

TEST_CASE("in any context of Asio a sleep takes its time, and not much more") {
    with_both_kinds([](asio::io_context& context) {
        const auto start = rill::clock::now();
        const sleeper sleeps{context, 5ms};
        context.run();
        CHECK(sleeps.done());
        CHECK_FALSE(sleeps.failure());
        CHECK(rill::clock::now() - start >= 5ms);
        CHECK_FALSE(sleeps.frame_lives());
    });
}

TEST_CASE("a sleep of no time, or less, lets others run first, and ends") {
    for (const rill::duration time : {rill::duration{0}, rill::duration{-1s}, rill::duration::min()}) {
        asio::io_context context{1};
        std::string order;
        const auto work = [](std::string& log, rill::duration wanted) -> rill::task<> {
            log += 'a';
            co_await rill::sleep_for(wanted);
            log += 'c';
        };
        asio::co_spawn(context, work(order, time), [](const std::exception_ptr&) {});
        asio::post(context, [&order] { order += 'b'; });
        context.run();
        CHECK(order == "abc");
    }
}

TEST_CASE("a sleep of the longest time there is does not end") {
    with_both_kinds([](asio::io_context& context) {
        const sleeper sleeps{context, rill::duration::max()};
        context.run_for(2ms);
        CHECK_FALSE(sleeps.done());
    });
}

TEST_CASE("a sleep works on the threads of a pool, which have no clock of Rill's") {
    asio::thread_pool pool{2};
    std::atomic<int> woken{0};
    for (int n = 0; n < 20; ++n)
        asio::co_spawn(
            pool, []() -> rill::task<> { co_await rill::sleep_for(2ms); },
            [&woken](const std::exception_ptr& e) {
                if (!e) ++woken;
            });
    pool.join();
    CHECK(woken == 20);
}

TEST_CASE("a sleep works on a strand") {
    asio::thread_pool pool{2};
    std::atomic<int> woken{0};
    const auto strand = asio::make_strand(pool);
    const auto work = [](const auto& home) -> rill::task<> {
        co_await rill::sleep_for(2ms);
        CHECK(home.running_in_this_thread());
    };
    asio::co_spawn(strand, work(strand), [&woken](const std::exception_ptr& e) {
        if (!e) ++woken;
    });
    pool.join();
    CHECK(woken == 1);
}

TEST_CASE("a cancelled sleep throws operation_aborted at once") {
    with_both_kinds([](asio::io_context& context) {
        sleeper sleeps{context, 1h};
        CHECK_FALSE(sleeps.done());
        sleeps.cancel();
        context.poll();
        CHECK(sleeps.done());
        CHECK(sleeps.failure() == asio::error::operation_aborted);
        CHECK_FALSE(sleeps.frame_lives());
    });
}

TEST_CASE("no cancellation does not cancel, and one that comes too late does no harm") {
    with_both_kinds([](asio::io_context& context) {
        sleeper sleeps{context, 5ms};
        sleeps.cancel(asio::cancellation_type::none);
        context.run();
        CHECK(sleeps.done());
        CHECK_FALSE(sleeps.failure());
        sleeps.cancel();
        context.restart();
        CHECK(context.run() == 0);
    });
}

TEST_CASE("many sleep, some are cancelled, and each of the others wakes at its time") {
    asio::io_context context{1};
    auto& clock = asio::make_service<rill::detail::timers>(context, rill::detail::timers::clock_kind::manual);
    std::vector<std::unique_ptr<sleeper>> all;
    for (int n = 1; n <= 300; ++n) all.push_back(std::make_unique<sleeper>(context, n * 1s));
    for (int n = 1; n <= 300; n += 3) all[static_cast<std::size_t>(n - 1)]->cancel();
    for (int n = 1; n <= 300; ++n) {
        const auto& sleeps = *all[static_cast<std::size_t>(n - 1)];
        const bool cancelled = n % 3 == 1;
        CAPTURE(n);
        context.restart();
        context.poll();
        CHECK(sleeps.done() == cancelled);
        pass(clock, 1s);
        context.restart();
        context.poll();
        CHECK(sleeps.done());
        CHECK(static_cast<bool>(sleeps.failure()) == cancelled);
    }
}

TEST_CASE("a context that is destroyed destroys who sleeps in it") {
    for (const bool rills : {false, true}) {
        CAPTURE(rills);
        std::optional<asio::io_context> context{std::in_place, 1};
        if (rills) asio::make_service<rill::detail::timers>(*context);
        const sleeper sleeps{*context, 1h};
        CHECK(sleeps.frame_lives());
        context.reset();
        CHECK_FALSE(sleeps.done());
        CHECK_FALSE(sleeps.frame_lives());
    }
}

TEST_CASE("a sleep that is never awaited costs nothing and wakes nobody") {
    asio::io_context context{1};
    {
        const auto unused = rill::sleep_for(1h);
    }
    CHECK(context.run() == 0);
}
