// A small server for HTTP test suites from outside. `--port P` (0: any), `--echo-all` for suites that try every method.
#include <rill/rill.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

namespace {

rill::response hello(rill::request&) {
    return rill::response::text("Rill\n");
}

rill::task<rill::response> echo(rill::request& request) {
    const std::string type{request.field("Content-Type").value_or("application/octet-stream")};
    auto body = co_await request.bytes();
    co_return rill::response::bytes(std::move(body), type);
}

rill::event_stream ticks(rill::request&) {
    for (std::uint64_t n = 1;; ++n) {
        co_yield {.id = std::to_string(n), .data = std::to_string(n)};
        co_await rill::sleep_for(100ms);
    }
}

int usage(std::string_view problem) {
    std::fprintf(stderr, "conformance_server: %.*s; usage: conformance_server [--port PORT] [--echo-all]\n",
                 static_cast<int>(problem.size()), problem.data());
    return 2;
}

} // namespace

int main(int argc, char** argv) {
    std::uint16_t port = 5801;
    bool echo_all = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--echo-all") {
            echo_all = true;
        } else if (argument == "--port" && i + 1 < argc) {
            const auto number = rill::parse<std::uint16_t>(argv[++i]);
            if (!number) return usage("the port is a number up to 65535");
            port = *number;
        } else {
            return usage("unknown argument");
        }
    }
    rill::router routes;
    if (echo_all) {
        routes.any("/{path...}", echo);
    } else {
        routes.get("/", hello).post("/echo", echo).get("/ticks", ticks);
    }
    return rill::serve(routes, {.port = port, .threads = 1});
}
