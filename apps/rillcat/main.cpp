// A client of event streams for the command line, as handy as curl is for HTTP.
//
//     rillcat localhost:5800/ticks
//     rillcat --json localhost:5800/topics/news | jq .data
//     rillcat --once -d @question.json https://llm.example/v1/chat/completions
#include <rill/rill.hpp>

#include "command.hpp"
#include "output.hpp"
#include "support/command_line.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace {

using rillcat::command;

/// Says on standard error why the stream is not there, and whether it will be.
class complaints final : public rill::source_observer {
public:
    void on_error(const rill::error& what, std::optional<std::chrono::milliseconds> wait) override {
        if (wait)
            demo::complain("rillcat", fmt::format("{}; again in {:.1f} s", rillcat::harmless(what.what()),
                                                  std::chrono::duration<double>(*wait).count()));
    }
};

rill::client_request request_of(const command& c) {
    rill::client_request request{*rill::parse_method(c.method), c.url};
    if (c.body) request.body(*c.body, "application/json");
    for (const auto& [name, value] : c.fields) request.set(name, value);
    return request;
}

/// Prints events until there have been enough of them.
class printer {
public:
    explicit printer(const command& c) : how_{c.output}, most_{c.max_events} {}

    /// False once that was the last one.
    bool print(const rill::message& event) {
        fmt::print("{}", rillcat::printed(event, how_, on_));
        if (std::fflush(stdout) != 0)
            throw std::system_error{errno, std::generic_category(), "cannot write to standard output"};
        return ++count_ != most_;
    }

private:
    rillcat::format how_;
    std::size_t most_, count_ = 0;
    rillcat::surface on_ = rillcat::standard_output();
};

/// Empty, once it has said why, if the file of authorities cannot be used.
std::unique_ptr<rill::http_client> make_client(const command& c) try {
    return std::make_unique<rill::http_client>(
        std::string_view{}, rill::client_options{.ca_file = c.ca_file, .verify = !c.insecure});
} catch (const std::exception& what) {
    demo::complain("rillcat", rillcat::harmless(what.what()));
    return nullptr;
}

rill::task<void> run(const command& c, rill::http_client& client) {
    printer out{c};
    if (c.once) {
        auto request = request_of(c);
        if (!request.fields().contains("Accept")) request.set("Accept", "text/event-stream");
        if (!c.last_event_id.empty()) request.set("Last-Event-ID", c.last_event_id);
        auto stream = co_await client.send(std::move(request));
        while (const auto* event = co_await stream.next())
            if (!out.print(*event)) break;
    } else {
        complaints observer;
        rill::event_source source{
            client,
            request_of(c),
            {.last_event_id = c.last_event_id, .retry_post = c.retry_post, .observer = &observer}};
        while (const auto* event = co_await source.next())
            if (!out.print(*event)) break;
    }
}

} // namespace

int main(int argc, char** argv) {
    const auto given = rillcat::read_command_line(argc, argv);
    if (const auto* const exit_code = std::get_if<int>(&given)) return *exit_code;
    const auto& c = std::get<command>(given);

    const auto client = make_client(c);
    if (!client) return rillcat::wrong_usage;

    int exit_code = rillcat::ended_as_asked;
    asio::io_context context{1};
    const auto end = [&](int code) {
        exit_code = code;
        context.stop(); // the connection goes with the context
    };
    asio::signal_set signals{context, SIGINT, SIGTERM};
    signals.async_wait([&](asio::error_code cancelled, int number) {
        if (!cancelled) end(128 + number);
    });
    asio::steady_timer timeout{context};
    if (c.timeout.count() > 0) {
        timeout.expires_after(c.timeout);
        timeout.async_wait([&](asio::error_code cancelled) {
            if (!cancelled) end(rillcat::out_of_time);
        });
    }
    asio::co_spawn(context, run(c, *client), [&](const std::exception_ptr& failure) {
        end(exit_code);
        try {
            if (failure) std::rethrow_exception(failure);
        } catch (const std::exception& what) {
            demo::complain("rillcat", rillcat::harmless(what.what()));
            exit_code = rillcat::failed;
        }
    });
    context.run();
    // The system's resolver may be at work, which nothing can stop: nobody who has pressed Ctrl-C waits for
    // it.
    if (exit_code != rillcat::ended_as_asked) std::_Exit(exit_code);
    return exit_code;
}
