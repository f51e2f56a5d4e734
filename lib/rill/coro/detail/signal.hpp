#pragma once

#include <rill/coro/task.hpp>

#include <asio/execution_context.hpp>

#include <memory>

namespace rill::detail {

/// Something that one coroutine waits for and that others, on the same thread, make happen.
///
/// The waiting coroutine is woken from the event loop, never from inside `notify`. If it is cancelled, it
/// throws `std::system_error` with `operation_aborted`. A signal that dies takes its waiter along: the frames
/// of that are destroyed from the event loop, and nothing is thrown. An execution context that dies does the
/// same with all that wait by it.
class signal {
public:
    /// Whoever has it notified.
    class owner {
    public:
        /// The waiter was cancelled, or goes with its execution context, which takes nothing more from now
        /// on.
        virtual void on_given_up() noexcept = 0;

    protected:
        ~owner() = default;
    };

    signal() noexcept;
    /// `whom` is told, and must outlive the signal.
    explicit signal(owner& whom) noexcept;
    signal(const signal&) = delete;
    signal& operator=(const signal&) = delete;
    ~signal();

    /// Completes at the next `notify`. One coroutine at a time.
    [[nodiscard]] task<void> wait();

    /// Wakes the coroutine that waits, if one does.
    void notify() noexcept;

    /// Takes, before anything waits in `context`, the memory that its waits have in common.
    static void prepare(asio::execution_context& context);

private:
    class waits;
    class waiter;

    void give_up() noexcept;

    owner* owner_ = nullptr;
    std::unique_ptr<waiter> waiter_;
};

} // namespace rill::detail
