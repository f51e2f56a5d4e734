#pragma once

#include <rill/app/router.hpp>
#include <rill/base/export.hpp>
#include <rill/base/log.hpp>
#include <rill/http/forwarded_fields.hpp>
#include <rill/http/limits.hpp>
#include <rill/net/statistics.hpp>
#include <rill/net/tls_options.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

namespace rill {

/// How a server serves.
struct server_options {
    /// Where it listens: an IPv4 or IPv6 address (`0.0.0.0` or `::` for all of this machine's), a host name
    /// of this machine, or `unix:/path` for a Unix socket. An empty one is refused.
    std::string_view address = "127.0.0.1";
    /// 0 has the system choose one: see `server::url`.
    std::uint16_t port = 5800;
    /// Each has an event loop and its share of the connections; 0 is as many as there are cores.
    unsigned threads = 0;
    /// Connections that the system may hold until they are taken; it may have a bound of its own.
    int backlog = 4096;
    /// How long `serve` goes on as before once a signal has told it to stop, while health checks say that it
    /// stops (see `health`): give load balancers the time to notice. Then it drains; at a second signal it
    /// does so at once.
    std::chrono::milliseconds lame_duck{0};
    /// What is still open so long after draining began is cut, and the log says how many connections that
    /// are.
    std::chrono::milliseconds drain_timeout{10'000};
    /// If not zero, streams that draining ends tell their clients to come back after a random time of up to
    /// this, so that they do not all come at once.
    std::chrono::milliseconds reconnect_spread{0};
    /// Certificate and key for TLS; without them the server speaks plain HTTP.
    tls_options tls{};
    /// Proxies that begin each connection with a header of the PROXY protocol, version 1 or 2 (HAProxy's
    /// `send-proxy` and `send-proxy-v2`; nginx, Envoy and load balancers have it, too): their addresses and
    /// networks, as `10.0.0.0/8,::1,192.0.2.1`; `unix` is whoever connects to a Unix socket. What the header
    /// says is the peer then (`request::remote_address`), unless the proxy speaks for itself (`LOCAL`) or
    /// does not know (`UNKNOWN`). It stands before TLS.
    ///
    /// A connection from such an address without that header is closed without a word: at once, or if it
    /// has not come as a whole within `limits::head_timeout`; the log tells of it. From elsewhere, the header
    /// is refused as any request that is malformed.
    ///
    /// Bits of a network's address behind the prefix mean nothing: `10.1.2.3/8` is `10.0.0.0/8`. Empty: none.
    std::string_view proxy_protocol{};
    /// Proxies whose word is taken for whose request they pass on, in the same form:
    /// `request::client_address`, `scheme` and `host` are by what they say. Name only proxies that set, or
    /// remove, each of the fields: most pass on what a client has written where they are not told to set it.
    /// The last value of a field counts as the proxy's own, as that is where those that add to it add.
    ///
    /// A proxy that speaks the PROXY protocol, too, is trusted by its own address for scheme and host; the
    /// client that it names counts as an entry behind those of `X-Forwarded-For`. Empty: none.
    std::string_view trust_proxy{};
    /// In which fields they say so.
    rill::forwarded_fields forwarded_fields = rill::forwarded_fields::x_forwarded;
    /// How much the server puts up with.
    rill::limits limits{};
    /// Where it tells what went wrong; it must outlive the server. Null: `standard_error_log`.
    log_sink* log = nullptr;
};
static_assert(std::is_trivially_destructible_v<server_options>);

/// A server in parts, for programs that have something to do beside serving: `serve` is it as a whole.
///
/// It leaves the process's signals alone, and what it writes itself, to sockets and to `standard_error_log`,
/// never raises SIGPIPE. A program that writes to pipes beside it ignores SIGPIPE on its own, or ends when
/// their readers do.
///
/// **Example**
///
///     rill::server server{routes, {.port = 0}};
///     std::jthread thread{[&] { server.run(); }};
///     fetch(server.url() + "/ticks");
///     server.stop();
class RILL_EXPORT server {
public:
    /// Listens; connections wait until `run`. Throws `rill::error` with the system's code if it cannot, and
    /// says where, or if the files of `tls` or the lists of proxies cannot be used. `routes` must outlive the
    /// server, unchanged; the options' views only this call.
    explicit server(const router& routes, const server_options& options = {});
    server(const router&&,
           const server_options& = {}) = delete; // give the router a name: it must outlive the server
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    /// Cuts what is still open. `run` must have returned.
    ~server();

    /// `http://127.0.0.1:5800`, with the port that it listens on, or `https://` so, or `unix:/path`.
    [[nodiscard]] const std::string& url() const noexcept;
    /// 0 for a Unix socket.
    [[nodiscard]] std::uint16_t port() const noexcept;

    /// Serves, on this thread and those it starts, until `stop` was called and all is drained. To be called
    /// once.
    void run();

    /// What has happened so far. From any thread.
    [[nodiscard]] server_statistics statistics() const noexcept;

    /// The first of two steps to stop, for programs behind a load balancer: `request::stopping` is true from
    /// now on, so health checks fail (see `health`), and all else goes on as before. `stop` is the second.
    /// From any thread, and before `run` too.
    void announce_stop() noexcept;

    /// Begins to drain: listens no more, ends streams properly, finishes what is under way, and closes. `run`
    /// returns when that is done, or at the deadline for it. A second call does not wait for anything. From
    /// any thread, and before `run` too.
    void stop();

    /// Reads the files of `server_options::tls` again: connections that come later are shown the new
    /// certificate. Those that are open go on, and clients may resume their sessions. Throws `rill::error` if
    /// the files cannot be used, and then the server goes on with what it has. Does nothing without TLS. From
    /// any thread; it blocks while it reads.
    void reload_certificates();

private:
    friend RILL_EXPORT int serve(const router& routes, const server_options& options);
    class impl;
    std::unique_ptr<impl> impl_;
};

/// A whole program: listens, prints `listening on URL` to standard output, serves until SIGINT or SIGTERM,
/// drains (after `server_options::lame_duck`), and returns the exit code: 0; or 1 if it could not begin, and
/// 2 if that is for options that cannot be used (an address that is not one, a certificate that cannot be
/// read), with the cause on standard error in one line. A further signal ends the lame duck, and the next one
/// cuts what still drains.
///
/// SIGHUP makes it read its certificate again, if it has one, and the log says whether that went well.
/// SIGPIPE is ignored, for the whole process and the programs that it starts: a log whose reader has gone
/// ends no server. Where the program has handlers of its own for SIGPIPE, or for SIGHUP without TLS, they
/// stay.
///
/// **Example**
///
///     int main() {
///         rill::router routes;
///         routes.get("/ticks", ticks);
///         return rill::serve(routes, {.port = 5800});
///     }
[[nodiscard]] RILL_EXPORT int serve(const router& routes, const server_options& options = {});

} // namespace rill
