#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace scripted {

using namespace std::chrono_literals;

/// Nothing in a test waits longer than this, and only one that fails waits so long.
constexpr auto patience = 10s;

/// Closed until a test opens it: what a script waits for.
class gate {
public:
    void open();
    /// Throws if nobody opens it in time.
    void wait();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
};

/// So many bytes that a client sent, and that were sent to it.
struct traffic {
    std::size_t from_client = std::string::npos;
    std::size_t to_client = std::string::npos;
};

/// A connection that a script plays on, with POSIX calls only, so that none of the client's code checks
/// itself. What goes wrong is thrown, and told when the server goes.
class connection {
public:
    connection(int socket, std::function<void(const std::string&)> on_request);
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;
    ~connection();

    /// The next request with its body, of which `scripted::server::requests` tells the test; empty if the
    /// client leaves instead.
    std::string request();
    /// The next bytes up to and with `mark`; empty if the client leaves instead.
    std::string until(std::string_view mark);
    std::string exactly(std::size_t size);
    /// The bytes that come next; none if the client leaves instead.
    std::string some();

    void send(std::string_view bytes);
    /// Sends a byte at a time, with so much time between them; false once the client has left.
    bool trickle(std::string_view bytes, std::chrono::milliseconds pause);
    /// Passes on what the client and a server at this port of 127.0.0.1 say to each other, until one of them
    /// leaves, or as much as this was passed on in either direction. Gives how much it was.
    traffic relay(std::uint16_t port, const traffic& most = {});
    /// Sends no more, and waits until the client has left.
    void finish();
    /// Whether the client leaves in time; what it sends until then is not looked at.
    [[nodiscard]] bool is_left();
    /// Leaves with a reset. The script must end there.
    void reset();
    /// Has the kernel hold so little of what the client does not take.
    void hold_little();

private:
    friend class server;
    void cut(); // from another thread

    bool receive();

    std::mutex closing_;
    int socket_;
    std::string unread_;
    std::function<void(const std::string&)> on_request_;
};

/// A server that plays its scripts: the first connection is played the first, and so on, and all that follow
/// the last one. Each runs in a thread of its own; the connection is closed behind it.
class server {
public:
    using script = std::function<void(connection&)>;

    explicit server(std::vector<script> scripts);
    explicit server(script all) : server{std::vector<script>{std::move(all)}} {}
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    /// Cuts what is still open. Fails the test if a script has failed.
    ~server();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// `127.0.0.1:port`
    [[nodiscard]] std::string authority() const;
    /// `http://127.0.0.1:port` and `path`.
    [[nodiscard]] std::string url(std::string_view path = "/") const;

    /// What was asked so far, in order.
    [[nodiscard]] std::vector<std::string> requests() const;
    /// The request with this number, from 0; waits for it.
    [[nodiscard]] std::string request(std::size_t number) const;
    /// How many connections were made so far.
    [[nodiscard]] std::size_t connections() const;

private:
    void listen();
    void play(const std::shared_ptr<connection>& on, const script& what);

    std::vector<script> scripts_;
    int listener_;
    std::uint16_t port_ = 0;

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    bool stopping_ = false;
    std::vector<std::string> requests_;
    std::vector<std::shared_ptr<connection>> connections_;
    std::string failures_;
    std::vector<std::thread> players_;
    std::thread listening_;
};

/// A response with a body and its Content-Length; `fields` are whole lines.
[[nodiscard]] std::string response(unsigned status, std::string_view fields, std::string_view body = {});
/// The head of a stream that ends with its connection.
[[nodiscard]] std::string stream(std::string_view fields = {});
/// `bytes` as one chunk.
[[nodiscard]] std::string chunk(std::string_view bytes);

/// Answers every request on a connection in the same way.
[[nodiscard]] server::script answer(std::string bytes);
/// Answers one request with a stream of `events`, and ends it.
[[nodiscard]] server::script events(std::string events);
/// Answers one request with a stream of `events`, and waits until the client leaves.
[[nodiscard]] server::script endless(std::string events, std::string_view fields = {});

/// The value of a field in a request; empty if there is none, or it is.
[[nodiscard]] std::string field(std::string_view request, std::string_view name);
/// How many fields of this name there are.
[[nodiscard]] std::size_t count(std::string_view request, std::string_view name);
/// What is behind the head.
[[nodiscard]] std::string body(std::string_view request);

} // namespace scripted
