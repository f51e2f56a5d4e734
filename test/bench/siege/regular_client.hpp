#pragma once

#include "../load/latencies.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <openssl/ssl.h>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace siege {

/// A connection to 127.0.0.1, over TLS if there is a context for it. It connects in ten seconds at most and
/// is not blocking from then on. Throws `std::runtime_error` on all that goes wrong.
class channel {
public:
    channel(std::uint16_t port, SSL_CTX* tls);
    channel(channel&& other) noexcept;
    ~channel();

    /// Must fit into the system's buffer.
    void send(std::string_view bytes);
    /// Appends what there is.
    void receive(std::string& to);
    [[nodiscard]] int descriptor() const noexcept { return socket_; }

private:
    int socket_;
    SSL* ssl_ = nullptr;
};

/// Asks for the hub's page with a new connection, and waits for the answer.
void ask_once(std::uint16_t port, SSL_CTX* tls);

/// What a siege must not harm: a client with a few connections that were there before. It asks for the page,
/// publishes, and reads what is published, at a pace that does not heed the answers.
class regular_client {
public:
    regular_client(std::uint16_t port, SSL_CTX* tls);
    regular_client(const regular_client&) = delete;
    regular_client& operator=(const regular_client&) = delete;

    /// The open connections.
    static constexpr std::size_t connections = 9;

    /// Forgets what was measured.
    void clear();
    /// 99 of 100 answers and events came in this time, counted from when their request was due. Throws what
    /// the client died of, or if many of those that were due since `clear` did not come at all.
    [[nodiscard]] std::chrono::nanoseconds p99();

private:
    struct member {
        channel connection;
        std::string unread;
        std::uint64_t due = 0; ///< of the request under way, 0 for none
    };

    void run(const std::stop_token& stopped);
    void ask();
    void take_answer(member& from);
    void take_events();
    void note(std::uint64_t due);

    std::vector<member> members_;       ///< the last one reads the events
    std::deque<std::uint64_t> waiting_; ///< when those were due that have no connection yet
    std::uint64_t asked_ = 0;
    int poll_;
    std::mutex mutex_; ///< of what follows
    load::latencies times_;
    std::size_t came_ = 0;
    std::chrono::steady_clock::time_point cleared_ = std::chrono::steady_clock::now();
    std::string failure_;
    std::jthread thread_;
};

} // namespace siege
