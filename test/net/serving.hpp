#pragma once

#include <rill/rill.hpp>

#include "support/socket_client.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

/// What the tests of `net` share: a server that runs beside them, and ways to wait for what it does.
namespace serving {

using namespace std::chrono_literals;
using support::socket_client;

/// Whether `condition` comes true in time; only a test that fails waits so long.
template <typename Condition>
[[nodiscard]] bool eventually(Condition condition, std::chrono::milliseconds patience = 10s) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(200us);
    }
    return true;
}

/// What `value` is once it has not changed for a while.
[[nodiscard]] inline std::size_t settled(const std::atomic<std::size_t>& value) {
    auto last = value.load();
    for (auto since = std::chrono::steady_clock::now(); std::chrono::steady_clock::now() < since + 100ms;) {
        std::this_thread::sleep_for(1ms);
        if (const auto now = value.load(); now != last) {
            last = now;
            since = std::chrono::steady_clock::now();
        }
    }
    return last;
}

/// The lines of a server's log, for any thread.
class kept_log final : public rill::log_sink {
public:
    void write(rill::log_level, std::string_view line) noexcept override {
        const std::lock_guard lock{mutex_};
        lines_.emplace_back(line);
    }
    [[nodiscard]] std::vector<std::string> lines() {
        const std::lock_guard lock{mutex_};
        return lines_;
    }

private:
    std::mutex mutex_;
    std::vector<std::string> lines_;
};

/// A local of a handler: `count` says how many of them are alive.
class witness {
public:
    explicit witness(std::atomic<std::size_t>& count) : count_{count} { ++count_; }
    witness(const witness&) = delete;
    witness& operator=(const witness&) = delete;
    ~witness() { --count_; }

private:
    std::atomic<std::size_t>& count_;
};

/// A server in a thread of its own, at a port that is free. What is left at the end is cut.
class server {
public:
    explicit server(const rill::router& routes, rill::server_options options = {.threads = 1})
        : server_{routes, with_free_port(options)},
          done_{std::async(std::launch::async, [this] { server_.run(); })} {}
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server() {
        server_.stop();
        server_.stop();
    }

    [[nodiscard]] const std::string& url() const { return server_.url(); }
    void stop() { server_.stop(); }
    [[nodiscard]] rill::server_statistics statistics() const { return server_.statistics(); }
    void reload_certificates() { server_.reload_certificates(); }
    /// Whether `run` returns in time.
    [[nodiscard]] bool ends(std::chrono::milliseconds patience = 10s) const {
        return done_.wait_for(patience) == std::future_status::ready;
    }

private:
    static rill::server_options with_free_port(rill::server_options options) {
        options.port = 0;
        return options;
    }

    rill::server server_;
    std::future<void> done_; // its destructor waits for `run`
};

[[nodiscard]] inline std::string get(std::string_view path) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n\r\n", path);
}

/// The body of the next answer, which has a Content-Length; its head must begin with `status`.
[[nodiscard]] inline std::string body_of(socket_client& client,
                                         std::string_view status = "HTTP/1.1 200 OK\r\n") {
    const auto head = client.until("\r\n\r\n");
    constexpr std::string_view field = "\r\nContent-Length: ";
    const auto at = head.find(field);
    if (!head.starts_with(status) || at == head.npos) throw std::runtime_error{"another answer: " + head};
    const auto size = std::stoul(head.substr(at + field.size()));
    std::string body;
    while (body.size() < size) {
        const auto more = client.receive(size - body.size());
        if (more.empty()) throw std::runtime_error{"the connection has ended: " + body};
        body += more;
    }
    return body;
}

/// What comes until the connection ends, by a reset or not.
[[nodiscard]] inline std::string until_end(socket_client& client) {
    try {
        return client.rest();
    } catch (const std::system_error& failure) {
        if (failure.code() != std::errc::connection_reset) throw;
        return "";
    }
}

} // namespace serving
