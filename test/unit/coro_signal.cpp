#include <rill/coro/detail/signal.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <doctest/doctest.h>

#include <exception>
#include <optional>
#include <system_error>

namespace {

/// A coroutine that waits for a signal, and what became of it.
class waiter {
public:
    waiter(asio::io_context& context, rill::detail::signal& signal) {
        asio::co_spawn(context, signal.wait(),
                       asio::bind_cancellation_slot(cancel_.slot(), [this](std::exception_ptr e) {
                           done_ = true;
                           failure_ = std::move(e);
                       }));
        context.poll();
    }

    void cancel() { cancel_.emit(asio::cancellation_type::terminal); }
    [[nodiscard]] bool done() const { return done_; }
    [[nodiscard]] std::error_code failure() const {
        if (!failure_) return {};
        try {
            std::rethrow_exception(failure_);
        } catch (const std::system_error& e) {
            return e.code();
        }
    }

private:
    asio::cancellation_signal cancel_;
    std::exception_ptr failure_;
    bool done_ = false;
};

} // namespace

TEST_CASE("a notified waiter goes on, but not inside notify") {
    asio::io_context context{1};
    rill::detail::signal signal;
    const waiter waits{context, signal};
    CHECK_FALSE(waits.done());
    signal.notify();
    CHECK_FALSE(waits.done());
    context.restart();
    context.poll();
    CHECK(waits.done());
    CHECK_FALSE(waits.failure());
}

TEST_CASE("a notification that nobody waits for is not kept") {
    asio::io_context context{1};
    rill::detail::signal signal;
    signal.notify();
    const waiter waits{context, signal};
    CHECK_FALSE(waits.done());
    signal.notify();
    signal.notify();
    context.restart();
    context.poll();
    CHECK(waits.done());
}

TEST_CASE("a signal may be waited for again and again") {
    asio::io_context context{1};
    rill::detail::signal signal;
    int rounds = 0;
    const auto work = [](rill::detail::signal& s, int& count) -> rill::task<> {
        for (;;) {
            co_await s.wait();
            ++count;
        }
    };
    asio::co_spawn(context, work(signal, rounds), [](const std::exception_ptr&) {});
    for (int n = 0; n < 5; ++n) {
        context.poll();
        context.restart();
        CHECK(rounds == n);
        signal.notify();
    }
}

TEST_CASE("a cancelled waiter throws operation_aborted, and the signal can be used again") {
    asio::io_context context{1};
    rill::detail::signal signal;
    waiter waits{context, signal};
    waits.cancel();
    CHECK_FALSE(waits.done());
    context.restart();
    context.poll();
    CHECK(waits.done());
    CHECK(waits.failure() == asio::error::operation_aborted);
    signal.notify();

    context.restart();
    const waiter again{context, signal};
    CHECK_FALSE(again.done());
    signal.notify();
    context.restart();
    context.poll();
    CHECK(again.done());
    CHECK_FALSE(again.failure());
}

TEST_CASE("cancelling after the notification changes nothing") {
    asio::io_context context{1};
    rill::detail::signal signal;
    waiter waits{context, signal};
    signal.notify();
    waits.cancel();
    context.restart();
    context.poll();
    CHECK(waits.done());
}

TEST_CASE("a signal that dies destroys the frames that wait for it") {
    struct probe {
        bool& gone;
        ~probe() { gone = true; }
    };
    bool gone = false;
    asio::io_context context{1};
    std::optional<rill::detail::signal> signal{std::in_place};
    const auto work = [](rill::detail::signal& s, bool& flag) -> rill::task<> {
        const probe local{flag};
        co_await s.wait();
    };
    asio::co_spawn(context, work(*signal, gone), [](const std::exception_ptr&) {});
    context.poll();
    CHECK_FALSE(gone);
    signal.reset();
    context.restart();
    context.poll(); // Asio destroys frames from the event loop
    CHECK(gone);
}

TEST_CASE("the owner of a signal is told of a waiter that is cancelled or goes with its event loop") {
    struct owner final : rill::detail::signal::owner {
        void on_given_up() noexcept override { ++times; }
        int times = 0;
    } told;
    rill::detail::signal signal{told};
    {
        asio::io_context context{1};
        waiter waits{context, signal};
        signal.notify();
        context.restart();
        context.poll();
        CHECK(told.times == 0);
        context.restart();
        waiter again{context, signal};
        again.cancel();
        CHECK(told.times == 1); // before the event loop has its turn
        context.restart();
        context.poll();
        CHECK(again.failure() == asio::error::operation_aborted);
    }
    CHECK(told.times == 1);
    {
        asio::io_context context{1};
        const waiter waits{context, signal};
    }
    CHECK(told.times == 2);
    signal.notify(); // nobody waits
}
