#pragma once

#include "client/asking.hpp"
#include "client/scripted_server.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <stdexcept>
#include <system_error>

namespace cancelling {

using namespace asking;

/// Runs one coroutine, which is cancelled somewhere. It must outlive the servers that cancel.
class cancellable {
public:
    using work = std::function<rill::task<void>()>;

    cancellable() = default;
    cancellable(const cancellable&) = delete;
    cancellable& operator=(const cancellable&) = delete;
    /// Drops what was to be cancelled too late.
    ~cancellable() {
        if (loop().get() != &context_) return; // it hangs, and is left alone
        context_.restart();
        context_.poll();
    }

    /// From the thread of a script, which may be too late. When it returns, the work is over; and if it was
    /// cancelled, it has left the connection.
    void cancel(scripted::connection& from) {
        asio::post(context_, [this] { signal_.emit(asio::cancellation_type::terminal); });
        const auto ended = ended_;
        if (ended.wait_for(scripted::patience) != std::future_status::ready)
            throw std::runtime_error{"the client hangs"};
        const bool completed = ended.get();
        if (!completed && !from.is_left()) throw std::runtime_error{"the client does not leave"};
    }

    /// Runs it to its end. False if it was cancelled before.
    [[nodiscard]] bool completes(const work& what) {
        begin(what);
        return ends_well();
    }
    /// The same, and cancels it when so many handlers have run.
    [[nodiscard]] bool completes_within(std::size_t handlers, const work& what) {
        begin(what);
        for (std::size_t n = 0; n < handlers && !over_; ++n) turn();
        signal_.emit(asio::cancellation_type::terminal);
        return ends_well();
    }

private:
    struct presence {
        explicit presence(int& count) : count_{count} { ++count_; }
        presence(const presence&) = delete;
        presence& operator=(const presence&) = delete;
        ~presence() { --count_; }
        int& count_;
    };

    rill::task<void> counted(const work& what) {
        const presence here{alive_};
        co_await what();
    }

    void begin(const work& what) {
        over_ = false;
        deadline_ = std::chrono::steady_clock::now() + scripted::patience;
        asio::co_spawn(context_, counted(what),
                       asio::bind_cancellation_slot(signal_.slot(), [this](const std::exception_ptr& e) {
                           over_ = true;
                           failure_ = e;
                       }));
        context_.restart();
    }

    void turn() {
        if (context_.run_one_until(deadline_) > 0) return;
        // What hangs in it refers to what goes.
        [[maybe_unused]] const auto* const lost = loop().release();
        FAIL("the client hangs");
    }

    bool ends_well() {
        while (!over_) turn();
        const bool well = is_well();
        end_.set_value(well);
        return well;
    }

    bool is_well() const {
        CHECK(alive_ == 0);
        if (!failure_) return true;
        try {
            std::rethrow_exception(failure_);
        } catch (const std::system_error& e) {
            CHECK_MESSAGE(e.code() == asio::error::operation_aborted, e.what());
        }
        return false;
    }

    asio::io_context& context_ = *loop();
    asio::cancellation_signal signal_;
    std::promise<bool> end_; ///< whether it was a good one
    const std::shared_future<bool> ended_ = end_.get_future().share();
    std::chrono::steady_clock::time_point deadline_;
    std::exception_ptr failure_;
    int alive_ = 0;
    bool over_ = true;
};

/// Cancels a piece of work at each of its suspensions: `attempt` runs it, told how many handlers may run
/// before, and says whether it has come to its end.
inline void cancel_at_each_suspension(const std::function<bool(std::size_t handlers)>& attempt) {
    constexpr std::size_t most = 5'000;
    std::size_t handlers = 0;
    while (handlers < most) {
        CAPTURE(handlers);
        if (attempt(handlers)) break;
        ++handlers;
    }
    CHECK(handlers > 2);
    CHECK(handlers < most);
}

} // namespace cancelling
