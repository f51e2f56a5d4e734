#pragma once

#include <rill/base/error.hpp>
#include <rill/client/event_source.hpp>
#include <rill/client/http_client.hpp>
#include <rill/coro/task.hpp>

#include "client/scripted_server.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <doctest/doctest.h>

#include <chrono>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

/// What the tests of the client share: ways to run it.
namespace asking {

using namespace std::chrono_literals;

/// An event loop that outlives the sources and answers of all tests; null begins a new one.
inline std::unique_ptr<asio::io_context>& loop() {
    static std::unique_ptr<asio::io_context> context;
    if (!context) context = std::make_unique<asio::io_context>(1);
    return context;
}

/// Runs `work` in that loop; throws what it throws.
inline void run(const std::function<rill::task<void>()>& work) {
    auto& context = *loop();
    bool done = false;
    std::exception_ptr failure;
    asio::co_spawn(context, work(), [&](const std::exception_ptr& e) {
        done = true;
        failure = e;
    });
    context.restart();
    const auto deadline = std::chrono::steady_clock::now() + scripted::patience;
    while (!done && context.run_one_until(deadline) > 0) {
    }
    // What hangs in it refers to what is gone.
    [[maybe_unused]] const auto* const lost = done ? nullptr : loop().release();
    REQUIRE_MESSAGE(done, "the client hangs");
    if (failure) std::rethrow_exception(failure);
}

/// The code that `work` fails with.
inline std::error_code error_of(const std::function<rill::task<void>()>& work) {
    try {
        run(work);
    } catch (const rill::error& e) {
        return e.code();
    }
    return {};
}

/// An answer with its whole body.
struct reply {
    reply() = default;

    unsigned status = 0;
    rill::fields fields;
    std::string url;
    std::string body;
};

inline rill::task<reply> whole(rill::http_client& client, rill::client_request request) {
    auto answer = co_await client.send(std::move(request));
    reply made;
    made.status = static_cast<unsigned>(answer.status());
    made.fields = answer.fields();
    made.url = answer.url();
    made.body = co_await answer.bytes();
    co_return made;
}

/// Asks once, with a client or one that is made for it.
inline reply ask(rill::http_client& client, rill::client_request request) {
    reply made;
    run([&]() -> rill::task<void> { made = co_await whole(client, std::move(request)); });
    return made;
}
inline reply get(std::string_view url, const rill::client_options& options = {}) {
    rill::http_client client{{}, options};
    return ask(client, rill::client_request{rill::method::get, url});
}
/// The code that asking fails with; none if it does not.
inline std::error_code failure_of(std::string_view url, const rill::client_options& options = {}) {
    try {
        (void)get(url, options);
    } catch (const rill::error& e) {
        return e.code();
    }
    return {};
}

/// Notes what it is told, a line each.
class diary final : public rill::source_observer {
public:
    void on_open(const rill::client_response& answer) override {
        lines.push_back("open");
        if (opened) opened(answer);
    }
    void on_comment(std::string_view comment) override {
        lines.push_back("#" + std::string{comment});
        if (commented) commented();
    }
    void on_error(const rill::error& error, std::optional<std::chrono::milliseconds> wait) override {
        lines.emplace_back(wait ? "again" : "over");
        codes.push_back(error.code());
        words.emplace_back(error.what());
        if (wait) waits.push_back(*wait);
        if (failed) failed();
    }

    std::vector<std::string> lines;
    std::vector<std::error_code> codes;
    std::vector<std::string> words;
    std::vector<std::chrono::milliseconds> waits;
    std::function<void(const rill::client_response&)> opened;
    std::function<void()> commented;
    std::function<void()> failed;
};

/// A source that does not wait long, told of by `observer`.
inline rill::event_source_options eager(rill::source_observer* observer = nullptr) {
    return {.retry = 1ms, .max_retry = 2ms, .observer = observer};
}

/// The next `count` messages, as `type|data|id`.
inline rill::task<std::vector<std::string>> take(rill::event_source& source, std::size_t count) {
    std::vector<std::string> taken;
    while (taken.size() < count) {
        const auto* const message = co_await source.next();
        if (message == nullptr) break;
        taken.push_back(message->type + "|" + message->data + "|" + message->last_event_id);
    }
    co_return taken;
}

using texts = std::vector<std::string>;

} // namespace asking
