// More clients than a server has room for.
#include "net/crowd.hpp"
#include "net/serving.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

rill::router greeting() {
    rill::router routes;
    routes.get("/", [](rill::request&) { return rill::response::text("hello"); });
    return routes;
}

} // namespace

TEST_CASE(
    "a server that is full serves those it has, tells others to come later, and takes the next at once") {
    serving::kept_log log;
    const auto routes = greeting();
    const serving::server server{routes, {.threads = 2, .limits = {.max_connections = 8}, .log = &log}};
    std::vector<serving::socket_client> served;
    for (int i = 0; i < 8; ++i) {
        served.emplace_back(server.url());
        served.back().send(serving::get("/"));
        CHECK(serving::body_of(served.back()) == "hello");
    }
    for (int i = 0; i < 200; ++i) {
        serving::socket_client beyond{server.url()};
        beyond.send(serving::get("/"));
        const auto answer = beyond.rest();
        CHECK(answer.starts_with("HTTP/1.1 503 "));
        CHECK(answer.find("\r\nRetry-After: 5\r\n") != answer.npos);
    }
    for (auto& each : served) {
        each.send(serving::get("/"));
        CHECK(serving::body_of(each) == "hello");
    }
    served.pop_back();
    REQUIRE(serving::eventually([&] { return server.statistics().connections < 8; }));
    serving::socket_client next{server.url()};
    next.send(serving::get("/"));
    CHECK(serving::body_of(next) == "hello");
    CHECK(server.statistics().over_connections == 200);
    CHECK(std::ranges::all_of(log.lines(), [](const auto& line) {
        return line.starts_with("cannot take a connection: there are as many as ");
    }));
}

TEST_CASE("clients that are told nothing wait, and are served as soon as there is room") {
    serving::kept_log log;
    const auto routes = greeting();
    const serving::server server{routes,
                                 {.threads = 1, .limits = {.max_connections = 1, .linger = 5s}, .log = &log}};
    auto only = std::make_unique<serving::socket_client>(server.url());
    only->send(serving::get("/"));
    CHECK(serving::body_of(*only) == "hello");
    std::vector<serving::socket_client> silent; // as many as are told at a time, who do not ask
    for (int i = 0; i < 64; ++i) silent.emplace_back(server.url());
    REQUIRE(serving::eventually([&] { return server.statistics().connections == 65; }));
    serving::socket_client waiting{server.url()};
    waiting.send(serving::get("/"));
    std::this_thread::sleep_for(200ms);
    CHECK(server.statistics().connections == 65);
    const auto begin = std::chrono::steady_clock::now();
    only.reset();
    CHECK(serving::body_of(waiting) == "hello");
    CHECK(std::chrono::steady_clock::now() - begin < 1s);
}

TEST_CASE("an address that has all of its connections gets no more, and another one does") {
    serving::kept_log log;
    const auto routes = greeting();
    const serving::server server{
        routes,
        {.address = "0.0.0.0", .threads = 2, .limits = {.max_connections_per_address = 3}, .log = &log}};
    const auto port = server.url().substr(server.url().rfind(':'));
    std::vector<serving::socket_client> served;
    for (int i = 0; i < 3; ++i) {
        served.emplace_back("http://127.0.0.1" + port);
        served.back().send(serving::get("/"));
        CHECK(serving::body_of(served.back()) == "hello");
    }
    serving::socket_client beyond{"http://127.0.0.1" + port};
    beyond.send(serving::get("/"));
    CHECK(beyond.rest().starts_with("HTTP/1.1 503 "));
    CHECK(server.statistics().over_connections_per_address == 1);
    for (auto& each : served) {
        each.send(serving::get("/"));
        CHECK(serving::body_of(each) == "hello");
    }
    std::vector<serving::socket_client> silent;
    for (int i = 0; i < 200; ++i) silent.emplace_back("http://127.0.0.1" + port);
    CHECK(serving::eventually([&] { return server.statistics().over_connections_per_address == 201; }));
    // Both threads may take the last place of those that are told.
    CHECK(serving::eventually([&] { return server.statistics().connections <= 3 + 64 + 1; }));
    served.clear();
    silent.clear();
    CHECK(serving::eventually([&] { return server.statistics().connections == 0; }));
    serving::socket_client next{"http://127.0.0.1" + port};
    next.send(serving::get("/"));
    CHECK(serving::body_of(next) == "hello");
}

TEST_CASE("by itself a server leaves an eighth of the files that it may open to the program") {
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit few{before};
    few.rlim_cur = 200;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    {
        serving::kept_log log;
        const auto routes = greeting();
        const serving::server server{routes, {.threads = 1, .log = &log}};
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
        std::vector<serving::socket_client> clients;
        for (int i = 0; i < 175; ++i) clients.emplace_back(server.url());
        for (auto& each : clients) {
            each.send(serving::get("/"));
            CHECK(serving::body_of(each) == "hello");
        }
        serving::socket_client beyond{server.url()};
        beyond.send(serving::get("/"));
        CHECK(beyond.rest().starts_with("HTTP/1.1 503 "));
    }
}
