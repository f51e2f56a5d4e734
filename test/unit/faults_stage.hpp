#pragma once

#include <rill/app/detail/routing_table.hpp>
#include <rill/net/detail/shard.hpp>
#include <rill/rill.hpp>
#include <rill/testing/detail/wire.hpp>
#include <rill/testing/server.hpp>

#include "faults_heap.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A server of memory whose transport fails where the test says, for the scenarios of faults_scenarios.cpp.
namespace faults {

using namespace std::chrono_literals;
using rill::detail::transport;

/// What goes wrong at a step.
enum class fault {
    none,
    read_ends,         ///< the read finds the end, as after an error
    write_ends,        ///< the write finds that the peer is gone
    reads_bytewise,    ///< from that read on, each gives one byte
    write_takes_one,   ///< the write takes one byte
    writes_bytewise,   ///< from that write on, each takes one byte
    write_takes_none,  ///< the write is blocked, and there is room right behind it
    peer_finishes,     ///< right before the step, whatever it is
    peer_resets,       ///< the same
    everything_closed, ///< the server closes all connections, in the turn behind the step
};

/// Whether the bytes of the answer are the same with it.
[[nodiscard]] constexpr bool only_shortens(fault what) noexcept {
    return what == fault::none || what == fault::reads_bytewise || what == fault::write_takes_one ||
           what == fault::writes_bytewise || what == fault::write_takes_none;
}

/// At which step of a transport which fault happens, and the steps that were made.
struct plan {
    fault what = fault::none;
    std::size_t at = 0;
    std::string steps; ///< `r`ead, `w`rite, wait for `R`ead, wait for `W`rite
};

/// Counts those who are alive.
class witness {
public:
    explicit witness(int& count) noexcept : count_{count} { ++count_; }
    witness(const witness&) = delete;
    witness& operator=(const witness&) = delete;
    ~witness() { --count_; }

private:
    int& count_;
};

/// What a server has to tell, whether there is memory or not.
class spared_log final : public rill::log_sink {
public:
    void write(rill::log_level, std::string_view line) noexcept override {
        const heap::spared here;
        lines.emplace_back(line);
    }
    std::vector<std::string> lines;
};

/// Routes for all scenarios, the topics that they follow, a shard, and one client.
class stage {
public:
    explicit stage(plan& what, const rill::server_options& options = {});
    stage(const stage&) = delete;
    stage& operator=(const stage&) = delete;
    virtual ~stage() = default;

    [[nodiscard]] rill::testing::connection connect(plan& what);
    /// The client begins.
    virtual void open();
    virtual void send(std::string_view bytes);
    /// Takes what has come.
    virtual void receive();
    void leave();
    /// Takes what `shard::run` takes before it runs, so that it cannot be refused.
    void reserve();
    /// Has the client hold so many bytes that it has not taken.
    void window(std::size_t bytes);
    /// Publishes numbers to all topics.
    void publish(int from, int to, std::string_view key = {});
    /// Closes `news`. Nothing is refused to that: it cannot throw, and posts to the event loop.
    void close();
    void advance(rill::duration time);
    void drain();
    /// Runs what is due. As in `shard::run`, what is thrown ends nothing else.
    void run();
    /// Has `whom` called by the event loop, by `run`.
    void tell(std::function<void()> whom);

    [[nodiscard]] virtual rill::testing::connection& client() { return *client_; }

    /// Another client of the same server.
    class neighbour;

    int handlers = 0; ///< that are alive
    rill::topic news, skipping{{.keep_events = 3, .policy = rill::lag_policy::skip}},
        newest{{.keep_events = 3, .policy = rill::lag_policy::latest}},
        strict{{.keep_events = 3, .policy = rill::lag_policy::disconnect}};
    std::string received;
    spared_log log;
    int thrown = 0;  ///< for want of memory, out of the event loop or a call of this
    int unheard = 0; ///< of these, events that could not be published
    [[nodiscard]] rill::detail::shard& shard() { return *shard_; }
    [[nodiscard]] std::size_t subscribers() const;

    /// Does what a client does, for which nothing is refused.
    template <typename Action>
    void as_client(Action action) {
        const heap::spared here;
        action();
        if (heap::will_refuse()) reserve();
    }

private:
    void add_routes();
    void add_streams();
    template <typename Action>
    void attempt(Action action);

    plan& plan_;
    std::vector<std::function<void()>> to_tell_;
    std::size_t reserved_ = 0; ///< by so many calls that have not run yet
    rill::router routes_;
    std::optional<rill::detail::service> common_;
    std::optional<rill::detail::shard> shard_;
    std::optional<rill::testing::connection> client_;
};

class stage::neighbour {
public:
    explicit neighbour(stage& s) : stage_{s}, connection_{s.connect(none_)} {}

    /// What it gets for `/short`; on a new connection, if the old one has been idle for long.
    [[nodiscard]] std::string asked();
    void leave();
    /// Takes what `shard::run` takes before it runs, so that it cannot be refused.
    void reserve();

private:
    stage& stage_;
    plan none_;
    rill::testing::connection connection_;
};

/// What a client asks for, and when.
struct scenario {
    std::string_view name;
    void (*play)(stage&);
    rill::server_options options{};
    /// How the answer is cut into events, or whether some of them are skipped, is a matter of how fast the
    /// client takes it.
    bool depends_on_pace = false;
};

[[nodiscard]] const std::vector<scenario>& scenarios();

/// `bytes` without what differs from run to run (dates, the epochs of ids), framing of chunks, and comments.
[[nodiscard]] std::string meaning(std::string_view bytes);

} // namespace faults
