// The README's relay, between a client and a server upstream.
#include <rill/rill.hpp>

#include "net/serving.hpp"
#include "upstream.hpp"

#include <doctest/doctest.h>

#include <string>

rill::task<rill::response> complete(rill::request& request);

namespace {

/// Answers what it is asked to.
rill::task<rill::response> answer(rill::request& request) {
    const auto wish = co_await request.text();
    if (wish == "401") throw rill::http_error{rill::status::unauthorized, "wrong key"};
    if (wish == "no stream") co_return rill::response::json("{}");
    co_return [](std::string text) -> rill::event_stream {
        for (const auto letter : text) co_yield {.data = std::string_view{&letter, 1}};
    }(wish);
}

const rill::router& model() {
    static const auto routes = [] {
        rill::router made;
        made.post("/v1/chat/completions", answer);
        return made;
    }();
    return routes;
}

/// What the relay gives for it: its head, and all that comes until the end.
std::string relayed(std::string_view wish) {
    rill::router routes;
    routes.post("/complete", complete);
    serving::server server{routes};
    serving::socket_client client{server.url()};
    client.send(fmt::format(
        "POST /complete HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}",
        wish.size(), wish));
    return client.rest();
}

} // namespace

const std::string& upstream_url() {
    static serving::server upstream{model()};
    return upstream.url();
}

TEST_CASE("the README's relay passes events on, and ends with them") {
    const auto text = relayed("ab");
    CHECK(text.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(text.find("data: a\n\n") != text.npos);
    CHECK(text.find("data: b\n\n") != text.npos);
    CHECK(text.ends_with("\r\n0\r\n\r\n"));
}

TEST_CASE("the README's relay says 502 where upstream refuses, or streams nothing") {
    for (const auto* const wish : {"401", "no stream"}) {
        const auto text = relayed(wish);
        CHECK(text.starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
        CHECK(text.find("wrong key") == text.npos); // what upstream says is its own
    }
}
