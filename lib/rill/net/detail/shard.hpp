#pragma once

#include <rill/app/request.hpp>
#include <rill/base/detail/list.hpp>
#include <rill/base/log.hpp>
#include <rill/coro/detail/turns.hpp>
#include <rill/http/date.hpp>
#include <rill/net/detail/proxied_transport.hpp>
#include <rill/net/detail/round.hpp>
#include <rill/net/detail/service.hpp>
#include <rill/net/detail/tls.hpp>
#include <rill/net/detail/transport.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rill::detail {

class h1_session;

/// One thread's share of a server: its event loop, its timers, its connections, and the buffers that they
/// take turns with. Nothing in it is locked: everything but `connections()` is for its own thread.
///
///     shard ──owns──▶ io_context ──owns──▶ pending calls ──keep alive──▶ h1_session ──owns──▶ transport
///       │                                                                  ▲                    │
///       │                                                                  └── while it waits ──┘
///       └── list of sessions (plain pointers; a session leaves it when it dies)
///
/// The shard outlives its sessions: a session refers to it and is kept alive by waits of its transport. The
/// shard's destructor closes the transports, so that these become calls of its context, and ends the context
/// before anything else goes.
class shard final : turns::observer {
public:
    explicit shard(const service& common, timers::clock_kind clock = timers::clock_kind::system);
    shard(const shard&) = delete;
    shard& operator=(const shard&) = delete;
    ~shard();

    [[nodiscard]] asio::io_context& context() noexcept { return *context_; }
    /// The same for those who know executors only.
    [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return executor_; }
    [[nodiscard]] detail::timers& timers() noexcept { return timers_; }
    [[nodiscard]] const service& common() const noexcept { return common_; }
    [[nodiscard]] std::string_view date();
    /// The fields of a head that tell a client how long it may keep its connection; may be empty.
    [[nodiscard]] std::string_view keep_alive_fields() const noexcept { return keep_alive_fields_; }

    /// Runs the event loop until its context is stopped. What is thrown in it, by a handler that an
    /// application gave to Asio, is logged, and ends nothing else.
    void run();

    /// Posts calls by which Asio takes memory, and keeps it for as long as the event loop runs, to start and
    /// end coroutines: if it were refused any in the middle of that, the process would end. How many calls.
    std::size_t reserve();

    /// Has connections that are prepared from now on use `credentials`.
    void use_tls(std::shared_ptr<const tls_credentials> credentials);
    /// What is to be read and written over `connection`: its header of the PROXY protocol taken off, if its
    /// peer has to send one, and the server's end of TLS, if the server speaks that.
    [[nodiscard]] std::unique_ptr<transport> prepared(std::unique_ptr<transport> connection);

    [[nodiscard]] bool speaks_tls() const noexcept { return tls_ != nullptr; }

    /// Begins to serve a connection, or to tell it that there are too many. What it throws has ended that
    /// connection.
    void open(std::unique_ptr<transport> connection, admission how = admission::serve);

    /// Streams and idle connections end, requests under way get their answer, and nothing new begins. `done`
    /// is called once no connection is left.
    void drain(std::function<void()> done);
    [[nodiscard]] bool draining() const noexcept { return draining_; }

    /// Cuts all connections.
    void close_all();
    /// The same for those that have not ended when the server has to, and says in the log how many.
    void cut_all();

    /// How many connections there are, and are being handed over; from any thread.
    [[nodiscard]] std::size_t connections() const noexcept {
        return connections_.load(std::memory_order_relaxed);
    }
    /// To be called by whoever hands a connection over from another thread, before it does.
    void expect_connection() noexcept {
        connections_.fetch_add(1, std::memory_order_relaxed);
        common_.connections.fetch_add(1, std::memory_order_relaxed);
    }
    /// Takes that back; on the shard's thread.
    void connection_gone() noexcept;

    /// How many peers were cut since they took nothing; from any thread.
    [[nodiscard]] std::uint64_t cut_slow() const noexcept {
        return cut_slow_.load(std::memory_order_relaxed);
    }
    void count_cut() noexcept { cut_slow_.fetch_add(1, std::memory_order_relaxed); }

    /// Has `who` answer its request behind what there is to do for others, one at a time: its client has
    /// finished, and is gone more often than not.
    void answer_later(std::shared_ptr<h1_session> who);

    /// The handler of `r` has run since `began`, while nobody else on this thread could. If that was long,
    /// the log tells of it, once in a second at most.
    void handler_ran(time_point began, const request& r) {
        if (timers_.noted() - began > turns::longest) [[unlikely]]
            log_long_run(began, r);
    }

    /// A number that no other handler of this shard has: see `turns`.
    [[nodiscard]] std::uint64_t number_handler() noexcept { return ++handlers_; }

    /// Those turns of the event loop in which the coroutine of a handler goes on.
    [[nodiscard]] detail::turns& turns() noexcept { return turns_; }
    /// In such a turn: the handler of `r` is done.
    void handler_ends(const request& r) {
        static_cast<void>(timers_.recently());
        handler_ran(turns_.began(), r);
    }

    /// Where connections read, and what they do together.
    [[nodiscard]] detail::round& round() noexcept { return round_; }

    /// A buffer to write into, with capacity: whoever is done gives it back empty, and so connections that
    /// have nothing to say have no buffer.
    [[nodiscard]] std::string lend() noexcept { return std::exchange(spare_, {}); }
    void give_back(std::string&& buffer) noexcept;

    /// Writes a line to the log, with control characters escaped.
    void log(log_level level, std::string_view line) noexcept;

    /// A number in [0, `below`).
    [[nodiscard]] std::uint64_t random(std::uint64_t below) noexcept;

private:
    friend h1_session;
    void enlist(h1_session& session) noexcept;
    void delist(h1_session& session) noexcept;
    template <typename Action>
    void for_each_session(Action action);
    void answer_next();
    void log_long_run(time_point began, const request& r);
    void on_long_turn(std::uint64_t handler) noexcept override;

    const service& common_;
    std::optional<asio::io_context> context_;
    asio::any_io_executor executor_;
    detail::timers& timers_;
    detail::turns turns_{*context_, timers_, *this};
    proxy_share proxies_;
    std::unique_ptr<tls_share> tls_; ///< none without TLS
    date_cache date_;
    std::string keep_alive_fields_;
    std::deque<std::shared_ptr<h1_session>> leaving_; ///< those that answer later
    std::uint64_t handlers_ = 0;                      ///< how many have a number
    time_point told_until_{};                         ///< the end of the last run that was long
    time_point told_next_{};                          ///< no line about one before that
    detail::round round_{*context_};
    std::string spare_;
    std::uint64_t random_state_;
    list<h1_session> sessions_;
    std::atomic<std::size_t> connections_{0};
    std::atomic<std::uint64_t> cut_slow_{0};
    bool draining_ = false;
    std::function<void()> drained_;
};

} // namespace rill::detail
