#pragma once

#include <rill/base/clock.hpp>
#include <rill/base/export.hpp>
#include <rill/coro/elements.hpp>
#include <rill/coro/sleep.hpp>
#include <rill/coro/task.hpp>
#include <rill/sse/event.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/this_coro.hpp>

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace rill {

/// What a handler returns that streams events: a coroutine that may `co_yield` an `event` and `co_await` any
/// task.
///
/// **Example**
///
///     rill::event_stream ticks(rill::request&) {
///         for (std::uint64_t n = 1;; ++n) {
///             co_await rill::sleep_for(1s);
///             co_yield {.data = std::to_string(n)};
///         }
///     }
///
/// It is a pull generator: nothing runs until its consumer asks. `std::generator` cannot await, and a plain
/// task cannot yield; here the two meet without a queue. The event is yielded by reference, so it may be made
/// of views of temporaries; and what the handler awaits is handed to the consumer, itself at home in Asio,
/// which runs it:
///
///     consumer (connection)             handler's frame
///     resume() ──────────────────────▶  runs ... co_yield {.data = text}
///     current() ◀── a pointer ────────  event{views of text}          suspended in the expression
///     resume() ──────────────────────▶  text is destroyed, runs ... co_await task
///     operation() ◀── moved out ──────  task                          suspended in the expression
///     co_spawn(operation), completed ─▶ its result or its exception is stored in the handler's frame
///     resume() ──────────────────────▶  goes on, or throws
///
/// A stream belongs to one thread at a time. Destroying it destroys the handler's locals in the order of C++;
/// it must not be destroyed while an operation runs: that operation writes to the handler's frame.
class event_stream {
    /// What a suspended handler waits for; lives in the handler's own frame.
    struct awaited {
        explicit awaited(std::optional<duration> sleep = {}) noexcept : time{sleep} {}
        awaited(const awaited&) = delete;
        awaited& operator=(const awaited&) = delete;
        virtual task<void> run() = 0;

        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <typename Promise>
        void await_suspend(std::coroutine_handle<Promise> handler) noexcept {
            handler.promise().awaited_ = this;
        }
        void await_resume() {
            if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
        }

        const std::optional<duration> time; ///< if it is nothing but a sleep
        std::exception_ptr failure{};

    protected:
        ~awaited() = default;
    };

    template <typename T>
    class awaiter final : public awaited {
    public:
        explicit awaiter(task<T> work) noexcept : work_{std::move(work)} {}

        T await_resume() {
            awaited::await_resume();
            if constexpr (!std::is_void_v<T>) return *std::move(result_);
        }

    private:
        task<void> run() override {
            if constexpr (std::is_void_v<T>)
                return std::move(work_); // needs no frame of its own
            else
                return keep();
        }
        task<void> keep() { result_.emplace(co_await std::move(work_)); }

        task<T> work_;
        [[no_unique_address]] std::conditional_t<std::is_void_v<T>, std::monostate, std::optional<T>>
            result_{};
    };

    /// Most sleeps are timed and never run: what is needed for that is made when it is asked for.
    class sleeper final : public awaited {
    public:
        explicit sleeper(duration sleep) noexcept : awaited{sleep} {}

    private:
        task<void> run() override { return sleep_for(*time); }
    };

    /// What `co_yield` suspends in: it throws into the handler what the consumer had against the event.
    struct yielding {
        std::exception_ptr& refusal;
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<>) const noexcept {}
        void await_resume() const {
            if (refusal) [[unlikely]]
                std::rethrow_exception(std::exchange(refusal, nullptr));
        }
    };

    /// The same for what `elements_of` gives.
    struct relaying : yielding {
        relaying(std::exception_ptr& refusal_, elements& what_) noexcept : yielding{refusal_}, what{what_} {}
        template <typename Promise>
        void await_suspend(std::coroutine_handle<Promise> handler) noexcept {
            handler.promise().relaying_ = this;
        }
        elements& what;
        event shown{}; ///< by `next`
    };

public:
    class promise_type;

    /// Why the handler came to rest.
    enum class state {
        yielded,  ///< there is a `current()` event
        relaying, ///< it yielded `elements`: pass them on to their end, then resume
        waiting,  ///< run `operation()`, tell `completed()`, then resume
        finished, ///< it returned or threw: see `result()`
    };

    event_stream(event_stream&& other) noexcept : handler_{std::exchange(other.handler_, {})} {}
    event_stream& operator=(event_stream&& other) noexcept {
        std::swap(handler_, other.handler_);
        return *this;
    }
    ~event_stream() {
        if (handler_) handler_.destroy();
    }

    /// Runs the handler until it comes to rest. Not to be called again after `finished`.
    state resume() noexcept;

    /// The event just yielded; valid until the next `resume()`.
    [[nodiscard]] const event& current() const noexcept;

    /// The elements to pass on, while `relaying`; may be moved from.
    [[nodiscard]] elements& current_elements() const noexcept;

    /// Has the next `resume()` throw `why` at the `co_yield` of the current event, or elements.
    void refuse(std::exception_ptr why) noexcept;

    /// While `waiting`: how long, if it is a `sleep_for` that the handler awaits. Then there is no need to
    /// run the operation: when the time has come, and no sooner than in the event loop's next turn, `resume`
    /// will do.
    [[nodiscard]] std::optional<duration> sleep() const noexcept;

    /// What the handler awaits; to be taken once, while `waiting`. It throws what `completed` then must be
    /// told.
    [[nodiscard]] task<void> operation();

    /// Tells the handler how its operation ended; null for success.
    void completed(std::exception_ptr failure) noexcept;

    /// Once `finished`: throws what the handler threw, if it did.
    void result() const;

    /// The simplest consumer: the next event, or null at the end; throws what the handler throws.
    [[nodiscard]] RILL_EXPORT task<const event*> next();

private:
    using handle = std::coroutine_handle<promise_type>;
    explicit event_stream(handle handler) noexcept : handler_{handler} {}

    handle handler_;
};

class event_stream::promise_type {
public:
    event_stream get_return_object() noexcept { return event_stream{handle::from_promise(*this)}; }
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_always final_suspend() const noexcept { return {}; }
    yielding yield_value(const event& e) noexcept {
        current_ = &e;
        return {error_};
    }
    relaying yield_value(elements&& e) noexcept { return {error_, e}; }
    template <typename Wrong = detail::misnamed_event>
    yielding yield_value(const detail::misnamed_event&) noexcept {
        detail::refuse_misnamed<Wrong>();
        return {error_};
    }
    template <typename T>
        requires(!std::convertible_to<T, const event&> && !std::convertible_to<T, elements &&>)
    yielding yield_value(T&&) noexcept {
        static_assert(!sizeof(T*), "a Rill handler yields an event, or elements_of a subscription");
        return {error_};
    }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { error_ = std::current_exception(); }

    template <typename T>
    awaiter<T> await_transform(task<T> work) noexcept {
        return awaiter<T>{std::move(work)};
    }
    sleeper await_transform(sleep_task&& work) noexcept {
        const auto time = work.time();
        const task<void> freed{std::move(work)}; // else it would be there until the handler goes on
        return sleeper{time};
    }
    template <typename T>
        requires(!requires(T work) { []<typename Result>(const task<Result>&) {}(work); })
    std::suspend_never await_transform(T&&) noexcept {
        static_assert(!sizeof(T*), "a Rill handler awaits tasks, such as asio::use_awaitable makes");
        return {};
    }
    /// The executor that the handler's operations run on.
    awaiter<asio::any_io_executor> await_transform(asio::this_coro::executor_t) {
        return awaiter{executor()};
    }

private:
    friend event_stream;
    static task<asio::any_io_executor> executor() { co_return co_await asio::this_coro::executor; }

    const event* current_ = nullptr;
    relaying* relaying_ = nullptr;
    awaited* awaited_ = nullptr;
    std::exception_ptr error_{}; ///< a refusal on its way into the handler, at the end what the handler threw
};

inline event_stream::state event_stream::resume() noexcept {
    auto& promise = handler_.promise();
    promise.current_ = nullptr;
    promise.relaying_ = nullptr;
    promise.awaited_ = nullptr;
    handler_.resume();
    if (promise.current_) return state::yielded;
    if (promise.awaited_) return state::waiting;
    return promise.relaying_ ? state::relaying : state::finished;
}

inline const event& event_stream::current() const noexcept {
    return *handler_.promise().current_;
}

inline elements& event_stream::current_elements() const noexcept {
    return handler_.promise().relaying_->what;
}

inline void event_stream::refuse(std::exception_ptr why) noexcept {
    handler_.promise().error_ = std::move(why);
}

inline std::optional<duration> event_stream::sleep() const noexcept {
    return handler_.promise().awaited_->time;
}

inline task<void> event_stream::operation() {
    return handler_.promise().awaited_->run();
}

inline void event_stream::completed(std::exception_ptr failure) noexcept {
    handler_.promise().awaited_->failure = std::move(failure);
}

inline void event_stream::result() const {
    if (const auto& error = handler_.promise().error_) std::rethrow_exception(error);
}

} // namespace rill
