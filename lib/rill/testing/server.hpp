#pragma once

#include <rill/app/router.hpp>
#include <rill/base/clock.hpp>
#include <rill/base/export.hpp>
#include <rill/http/fields.hpp>
#include <rill/http/status.hpp>
#include <rill/net/server.hpp>
#include <rill/sse/message.hpp>

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// For tests of handlers: the server that serves, over connections of memory, by a clock that the test moves.
/// Nothing runs but what a call here runs, so an hour of a stream takes microseconds, and is the same each
/// time.
///
/// Nothing here may be used by two threads at a time.
namespace rill::testing {

namespace detail {
class wire;
}

/// A client that reads at its own pace, behind buffers such as those of two kernels: the server's writes go
/// into one of them, and what the other one has room for counts as acknowledged before the client has read
/// it.
struct pace {
    /// 0: it is there, and reads nothing.
    std::size_t bytes_per_second = 0;
    /// What the server's system holds at most; `limits::unsent_bytes` bounds it, too.
    std::size_t send_buffer = 4 * 1024 * 1024;
    /// What the client's system holds at most. 0: the client is dead, and nothing is acknowledged any more.
    std::size_t receive_buffer = 64 * 1024;
};

/// The client's end of a connection, as bytes.
class RILL_EXPORT connection {
public:
    explicit connection(std::shared_ptr<detail::wire> wire) noexcept;
    connection(connection&&) noexcept;
    connection& operator=(connection&&) noexcept;
    /// Leaves as `close` does.
    ~connection();

    /// Sends `bytes`, whatever they are, and lets the server do what it can with them.
    void send(std::string_view bytes);

    /// What has come since the last call.
    [[nodiscard]] std::string receive();

    /// Sends no more, as `shutdown` of a socket.
    void finish();
    /// Leaves. The server notices at once.
    void close();

    /// How many bytes the connection holds, from now on, for a client that does not `receive` them; at first
    /// 256 KiB.
    void window(std::size_t bytes);

    /// Has the client read at this pace from now on, by the server's clock: `receive` gives what it has read,
    /// and `window` means nothing any more.
    void read_at(const pace& speed);

    /// Whether the server has finished its side, by saying so or by a reset.
    [[nodiscard]] bool ended() const noexcept;
    /// Whether that was a reset.
    [[nodiscard]] bool was_reset() const noexcept;
    /// How often the server has written: what would have been system calls.
    [[nodiscard]] std::size_t writes() const noexcept;

private:
    std::shared_ptr<detail::wire> wire_;
};

/// The answer to a request, as far as it has come. Asking it for something takes what has come from the
/// connection.
class RILL_EXPORT reply {
public:
    /// `to_head` says that the request was a HEAD, whose answer has no body whatever its fields say.
    explicit reply(rill::testing::connection&& from, bool to_head = false);
    reply(reply&&) noexcept;
    reply& operator=(reply&&) noexcept;
    /// Leaves, if the answer is not complete.
    ~reply();

    /// Whether the head has come. Before, `status` and `fields` throw `std::logic_error`.
    [[nodiscard]] bool has_head();
    [[nodiscard]] rill::status status();
    [[nodiscard]] const rill::fields& fields();

    /// The body so far, without chunk framing.
    [[nodiscard]] const std::string& body();
    /// The events in it so far; checkpoints (see `event`) are not among them.
    [[nodiscard]] const std::vector<message>& events();
    /// What a client would come back with: the id of the last event or checkpoint so far.
    [[nodiscard]] const std::string& last_event_id();
    /// The comments in it so far; a keep-alive is one.
    [[nodiscard]] const std::vector<std::string>& comments();

    /// Whether all of it has come. A stream that was cut is never complete.
    [[nodiscard]] bool complete();
    /// Whether the server has given up the connection before the answer was complete.
    [[nodiscard]] bool cut();

    /// Leaves: the handler is cancelled and destroyed.
    void close();
    [[nodiscard]] rill::testing::connection& connection() noexcept;

private:
    class parser;
    std::unique_ptr<parser> parser_;
};

/// A server without sockets and threads.
///
/// **Example**
///
///     TEST_CASE("a tick comes each second, and a comment after 15 silent ones") {
///         rill::testing::server server{routes};
///         auto ticks = server.get("/ticks");
///         server.advance(3s);
///         CHECK(ticks.events().size() == 3);
///         auto silence = server.get("/silence");
///         server.advance(15s);
///         CHECK(silence.comments().size() == 2); // the first one opened the stream
///     }
class RILL_EXPORT server {
public:
    struct header {
        std::string_view name, value;
    };

    /// `routes` must outlive the server. Of the options, address, port, backlog, threads and tls mean
    /// nothing here. Throws `rill::error` if a list of proxies cannot be read.
    explicit server(const router& routes, const server_options& options = {});
    server(const router&&, const server_options& = {}) = delete; // give the router a name
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    /// Cuts what is open; connections and replies may outlive it.
    ~server();

    /// From which address connections come from now on: `192.0.2.7`, `2001:db8::1`, one of them with a port
    /// (`192.0.2.7:4711`, `[2001:db8::1]:4711`), or `unix`. Before, it is `memory`, which is in no list of
    /// `server_options::trust_proxy`. Throws `std::invalid_argument` if it is not an address.
    ///
    /// **Example**
    ///
    ///     rill::testing::server server{routes, {.trust_proxy = "10.0.0.0/8"}};
    ///     server.come_from("10.0.0.1");
    ///     auto reply = server.get("/", {{"X-Forwarded-For", "192.0.2.7"}});
    void come_from(std::string_view address);

    /// A new connection.
    [[nodiscard]] rill::testing::connection connect();

    /// Sends a request over a connection of its own, and lets the server do what it can with it.
    [[nodiscard]] reply get(std::string_view target, std::initializer_list<header> fields = {});
    [[nodiscard]] reply post(std::string_view target, std::string_view body,
                             std::initializer_list<header> fields = {});
    [[nodiscard]] reply send(std::string_view method, std::string_view target, std::string_view body,
                             std::initializer_list<header> fields = {});

    /// Lets time pass: what is due on the way happens in its order.
    void advance(duration time);

    /// Lets happen what can without time passing. All calls that send or leave do this by themselves.
    void run();

    /// As `rill::server::announce_stop`.
    void announce_stop() noexcept;

    /// Begins to drain, as at a SIGTERM.
    void drain();

    /// See `rill::server::statistics`.
    [[nodiscard]] server_statistics statistics() const noexcept;

    /// The connections that are open, and those whose handlers are not destroyed yet.
    [[nodiscard]] std::size_t connections() const noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace rill::testing
