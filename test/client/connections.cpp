// Over which connections an http_client sends its requests.
#include "client/asking.hpp"
#include "client/scripted_server.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace asking;
using rill::client_request;
using rill::method;
using scripted::connection;
using scripted::response;

TEST_CASE("requests that follow each other share a connection") {
    scripted::server server{scripted::answer(response(200, "", "x"))};
    rill::http_client client;
    run([&]() -> rill::task<void> {
        for (int n = 0; n < 5; ++n) {
            const auto got = co_await whole(client, client_request{method::get, server.url()});
            CHECK(got.body == "x");
        }
    });
    CHECK(server.requests().size() == 5);
    CHECK(server.connections() == 1);
}

TEST_CASE("a connection is not shared once it cannot be") {
    const auto connections_with = [](const std::string& answer) {
        scripted::server server{[&](connection& c) {
            for (;;) {
                if (c.request().empty()) return;
                c.send(answer);
            }
        }};
        rill::http_client client;
        run([&]() -> rill::task<void> {
            for (int n = 0; n < 2; ++n)
                (void)co_await whole(client, client_request{method::get, server.url()});
        });
        return server.connections();
    };
    CHECK(connections_with(response(200, "")) == 1);
    CHECK(connections_with(response(200, "Connection: keep-alive\r\n")) == 1);
    CHECK(connections_with(response(200, "Connection: close\r\n")) == 2);
    CHECK(connections_with("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n") == 2);
    CHECK(connections_with("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n") == 1);
    CHECK(connections_with(response(200, "", "x") + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil") == 2);
}

TEST_CASE("a connection is kept for no longer than the server says") {
    const auto connections_with = [](const std::string& fields) {
        scripted::server server{scripted::answer(response(200, fields))};
        rill::http_client client;
        for (int n = 0; n < 2; ++n) (void)ask(client, client_request{method::get, server.url()});
        return server.connections();
    };
    CHECK(connections_with("Keep-Alive: timeout=0\r\n") == 2);
    CHECK(connections_with("Connection: keep-alive\r\nKeep-Alive: max=9, timeout=0\r\n") == 2);
    CHECK(connections_with("Keep-Alive: timeout=3600\r\n") == 1);
    CHECK(connections_with("Keep-Alive: timeout=soon\r\n") == 1);
}

TEST_CASE("an answer that is left before its end closes the connection") {
    scripted::gate left;
    scripted::server server{{[&](connection& c) {
                                 (void)c.request();
                                 c.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
                                 CHECK(c.is_left());
                                 left.open();
                             },
                             scripted::answer(response(200, "", "x"))}};
    rill::http_client client;
    run([&]() -> rill::task<void> {
        {
            auto answer = co_await client.get(server.url());
            const auto piece = co_await answer.read();
            CHECK(piece == "some");
        }
        left.wait();
        const auto got = co_await whole(client, client_request{method::get, server.url()});
        CHECK(got.body == "x");
    });
    CHECK(server.connections() == 2);
}

TEST_CASE("a connection that the server has closed meanwhile costs nothing") {
    scripted::gate closed;
    scripted::server server{{[&](connection& c) {
                                 (void)c.request();
                                 c.send(response(200, "", "a"));
                                 c.reset();
                                 closed.open();
                             },
                             scripted::answer(response(200, "", "b"))}};
    rill::http_client client;
    const auto first = ask(client, client_request{method::get, server.url()});
    CHECK(first.body == "a");
    closed.wait();
    const auto second = ask(client, client_request{method::post, server.url()}.body("x", "text/plain"));
    CHECK(second.body == "b");
}

TEST_CASE("a request that an idle connection swallows is sent once more if its method is idempotent") {
    const auto fate = [](method verb) {
        scripted::server server{{[](connection& c) {
                                     (void)c.request();
                                     c.send(response(200, "", "a"));
                                     (void)c.request(); // and leaves
                                 },
                                 scripted::answer(response(200, "", "b"))}};
        rill::http_client client;
        run([&]() -> rill::task<void> {
            (void)co_await whole(client, client_request{method::get, server.url()});
        });
        reply second;
        std::error_code code;
        try {
            second = ask(client, client_request{verb, server.url()}.body("once", "text/plain"));
        } catch (const rill::error& e) {
            code = e.code();
        }
        CHECK(server.requests().size() == (code ? 2 : 3));
        return code ? "failed" : second.body;
    };
    CHECK(fate(method::get) == "b");
    CHECK(fate(method::put) == "b");
    CHECK(fate(method::delete_) == "b");
    CHECK(fate(method::post) == "failed");
    CHECK(fate(method::patch) == "failed");
}

TEST_CASE("a request on a new connection is never sent twice") {
    scripted::server server{[](connection& c) { (void)c.request(); }};
    CHECK(failure_of(server.url()) != std::error_code{});
    CHECK(server.connections() == 1);
}
