#pragma once

#include <rill/client/event_source.hpp>
#include <rill/client/http_client.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace contract {

/// What a suite wants of a client. The constructor throws `std::invalid_argument` if it is not that, and
/// `rill::error` if a field cannot be sent.
class wishes {
public:
    explicit wishes(const nlohmann::json& from);

    rill::client_request request;
    std::string callback_url;
    std::string last_event_id;
    rill::client_options client;
    rill::event_source_options source;
};

/// A client that was started: follows a stream in the loop, and tells the suite what it sees.
class instance final : public std::enable_shared_from_this<instance>, rill::source_observer {
public:
    instance(asio::io_context& loop, rill::http_client& callbacks, const wishes& what);

    // From any thread.
    void start();
    void restart();
    void stop();

private:
    void on_comment(std::string_view comment) override;
    void on_error(const rill::error& error, std::optional<std::chrono::milliseconds> wait) override;

    [[nodiscard]] rill::task<void> follow();
    [[nodiscard]] rill::task<void> report();
    void tell(const nlohmann::json& what);

    asio::io_context& loop_;
    rill::http_client& callbacks_;
    std::string callback_url_;
    rill::http_client client_;
    rill::event_source source_;
    std::deque<std::string> untold_; // a suite waits for what it provokes: there are never many
    asio::steady_timer news_;        // is cancelled when there is something to tell, or to end
    std::size_t told_ = 0;
    bool stopped_ = false;
};

/// All of them, by number. Any thread may use it.
class instances {
public:
    std::string add(std::shared_ptr<instance> made);
    /// Null if there is none.
    [[nodiscard]] std::shared_ptr<instance> find(const std::string& number);
    [[nodiscard]] std::shared_ptr<instance> take(const std::string& number);

private:
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<instance>> all_;
    std::size_t last_ = 0;
};

} // namespace contract
