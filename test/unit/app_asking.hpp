#pragma once

#include <rill/base/log.hpp>
#include <rill/rill.hpp>
#include <rill/testing/server.hpp>

#include <fmt/format.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A whole request, and the least that one can be.
inline constexpr std::string_view whole_request = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

/// What a server had to tell.
class log_lines final : public rill::log_sink {
public:
    void write(rill::log_level level, std::string_view line) noexcept override {
        errors += level == rill::log_level::error ? 1 : 0;
        lines.emplace_back(line);
    }

    int errors = 0;
    std::vector<std::string> lines;
};

/// Routes, a server for them, and its log. The server is made with the first request.
class site {
public:
    using headers = std::initializer_list<rill::testing::server::header>;

    site() = default;
    explicit site(const rill::server_options& options) : options_{options} {}

    [[nodiscard]] rill::testing::server& server() {
        if (!server_) {
            options_.log = &log;
            server_ = std::make_unique<rill::testing::server>(routes, options_);
        }
        return *server_;
    }

    [[nodiscard]] rill::testing::reply send(std::string_view method, std::string_view target,
                                            headers fields = {}) {
        return server().send(method, target, {}, fields);
    }

    /// The status and the body of an answer, as `200 hello`.
    [[nodiscard]] std::string get(std::string_view target, headers fields = {}) {
        return ask("GET", target, {}, fields);
    }
    [[nodiscard]] std::string ask(std::string_view method, std::string_view target,
                                  std::string_view body = {}, headers fields = {}) {
        auto reply = server().send(method, target, body, fields);
        return fmt::format("{} {}", static_cast<int>(reply.status()), reply.body());
    }

    /// What comes back for bytes that are sent as they are.
    [[nodiscard]] std::string raw(std::string_view request) {
        auto connection = server().connect();
        connection.send(request);
        return connection.receive();
    }

    rill::router routes;
    log_lines log;

private:
    rill::server_options options_;
    std::unique_ptr<rill::testing::server> server_;
};

/// A handler that says `what`, and nothing else.
inline auto says(std::string what) {
    return [text = std::move(what)](rill::request&) { return rill::response::text(text); };
}

/// A handler that says `what` and the parameter `name`.
inline auto says(std::string what, std::string name) {
    return [text = std::move(what), name = std::move(name)](rill::request& request) {
        return rill::response::text(text + request.param(name));
    };
}
