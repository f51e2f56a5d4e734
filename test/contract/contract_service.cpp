// Wraps Rill's client for suites that test clients of event streams, as LaunchDarkly's sse-contract-tests do:
// they serve the streams, and are told over HTTP what the client makes of them.
//
//     GET /       200, {"capabilities": [...]}
//     POST /      starts a client; 201, and the Location of the instance; 400 for bad parameters
//                 {"streamUrl": ..., "callbackUrl": ..., and optional: "tag", "initialDelayMs",
//                 "readTimeoutMs", "lastEventId", "headers": {...}, "method", "body"}
//     POST /N     {"command": "restart"}: drops the connection, and connects at once; 202, 400, 404
//     DELETE /N   stops that client; 204, 404
//     DELETE /    ends the service
//
// What a client sees goes to callbackUrl/1, callbackUrl/2 and so on, in order:
//
//     {"kind": "event", "event": {"type": "message", "data": "...", "id": "..."}}
//     {"kind": "comment", "comment": "..."}
//     {"kind": "error", "comment": "why an attempt failed, or the client gave up"}
//
// A stream that ends, or breaks, and is asked for again is no error.
#include <rill/rill.hpp>

#include "contract/instance.hpp"
#include "support/command_line.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include <csignal>
#include <exception>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

using nlohmann::json;

namespace {

/// What the handlers share. The loop runs in a thread of its own, and goes before what runs in it refers to.
class service {
public:
    rill::task<rill::response> start(rill::request& request) {
        const auto body = co_await request.text();
        std::shared_ptr<contract::instance> made;
        try {
            const contract::wishes wishes{json::parse(body)};
            made = std::make_shared<contract::instance>(loop_, callbacks_, wishes);
        } catch (const std::exception& e) {
            throw rill::http_error{rill::status::bad_request, e.what()};
        }
        const auto number = clients_.add(made);
        made->start();
        co_return rill::response{rill::status::created}.set("Location", "/" + number);
    }

    rill::task<rill::response> command(rill::request& request) {
        const auto body = co_await request.text();
        const auto client = clients_.find(std::string{request.param("number")});
        if (!client) throw rill::http_error{rill::status::not_found, "there is no such client"};
        const auto command = json::parse(body, nullptr, false);
        if (!command.is_object() || command.value("command", json{}) != "restart")
            throw rill::http_error{rill::status::bad_request, "the only command is restart"};
        client->restart();
        co_return rill::status::accepted;
    }

    rill::response stop(const rill::request& request) {
        const auto client = clients_.take(std::string{request.param("number")});
        if (!client) throw rill::http_error{rill::status::not_found, "there is no such client"};
        client->stop();
        return rill::status::no_content;
    }

    void end() {
        loop_.stop();
        thread_.join();
    }

private:
    rill::http_client callbacks_;
    asio::io_context loop_{1};
    contract::instances clients_;
    asio::executor_work_guard<asio::io_context::executor_type> until_the_end_{loop_.get_executor()};
    std::thread thread_{[this] { loop_.run(); }};
};

rill::response capabilities(rill::request&) {
    static const json words{"bom",           "comments", "headers",
                            "last-event-id", "post",     "report",
                            "read-timeout",  "restart",  "server-directed-shutdown-request"};
    return rill::response::bytes(json{{"capabilities", words}}.dump(), "application/json");
}

} // namespace

int main(int argc, char** argv) {
    demo::command_line command_line{"Wraps Rill's client for suites that test clients of event streams.",
                                    8000};
    if (const auto exit_code = command_line.parse(argc, argv)) return *exit_code;

    service clients;
    rill::router routes;
    routes.get("/", capabilities);
    routes.post("/", [&](rill::request& request) { return clients.start(request); });
    routes.post("/{number}", [&](rill::request& request) { return clients.command(request); });
    routes.delete_("/{number}", [&](rill::request& request) { return clients.stop(request); });
    routes.delete_("/", [](rill::request&) -> rill::response {
        std::raise(SIGTERM); // which `serve` drains for: the answer goes out
        return rill::status::no_content;
    });
    const int exit_code = rill::serve(routes, command_line.options());
    clients.end();
    return exit_code;
}
