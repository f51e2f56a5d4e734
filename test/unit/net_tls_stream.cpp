// What goes over a TLS connection once it is open, whatever the peer takes and however it asks.
#include <rill/topic/topic.hpp>

#include "net_tls_site.hpp"

#include <doctest/doctest.h>

#include <string>

using tls::client;
using namespace std::chrono_literals;

namespace {

/// So many bytes in which every place looks different.
std::string text_of(std::size_t size) {
    std::string text;
    text.reserve(size + 8);
    for (std::size_t n = 0; text.size() < size; ++n) text += fmt::format("{:07} ", n);
    text.resize(size);
    return text;
}

std::string body_of(std::string_view answer) {
    return std::string{answer.substr(answer.find("\r\n\r\n") + 4)};
}

} // namespace

TEST_CASE("an answer of any size arrives as it is, whatever the connection holds") {
    for (const std::size_t size : {1, 16'000, 16'383, 16'384, 16'385, 32'768, 100'000, 1'000'000}) {
        for (const std::size_t window : {100, 5'000, 16'000, 16'500, 40'000, 256 * 1024}) {
            if (size / window > 200) continue;
            CAPTURE(size);
            CAPTURE(window);
            tls::site s;
            s.routes.get("/", [&](rill::request&) { return rill::response::text(text_of(size)); });
            client c{s.connect()};
            c.exchange();
            c.connection().window(window);
            REQUIRE(body_of(c.ask(tls::get)) == text_of(size));
        }
    }
}

TEST_CASE("an answer arrives whole when its client takes a byte at a time") {
    tls::site s;
    s.routes.get("/", [&](rill::request&) { return rill::response::text(text_of(40'000)); });
    client c{s.connect()};
    c.exchange();
    c.connection().window(1);
    CHECK(body_of(c.ask(tls::get)) == text_of(40'000));
}

TEST_CASE("a body of any size is read") {
    tls::site s;
    s.routes.post("/", [](rill::request& request) -> rill::task<rill::response> {
        auto body = co_await request.text();
        co_return rill::response::text(std::move(body));
    });
    for (const std::size_t size : {1, 16'384, 70'000, 200'000, 1'000'000}) {
        CAPTURE(size);
        client c{s.connect()};
        const auto text = text_of(size);
        c.exchange();
        c.write(fmt::format("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", size) + text);
        REQUIRE(body_of(c.ask("\r\n")) == text); // an empty line before the next request is no request
    }
}

TEST_CASE("a reader with less room than a record gets all of it, and is told as long as there is more") {
    struct reader final : rill::detail::transport::observer {
        void on_readable() override { ++told; }
        void on_writable() override {}
        int told = 0;
    };
    using status = rill::detail::transport::status;
    tls::site s;
    auto wire = std::make_shared<rill::testing::detail::wire>(s.shard().context());
    const auto end = s.shard().prepared(std::make_unique<rill::testing::detail::memory_transport>(wire));
    client c{rill::testing::connection{wire}};
    std::string space(1'000, ' ');
    for (int turn = 0; turn < 3; ++turn) {
        c.exchange();
        CHECK(end->read_some(space).status == status::blocked);
    }
    REQUIRE(c.established());
    const auto text = text_of(100'000);
    c.write(text);
    SSL_shutdown(c.ssl());
    c.connection().send(c.output());
    const auto who = std::make_shared<reader>();
    std::string all;
    for (int turn = 1;; ++turn) {
        REQUIRE(turn < 200);
        end->wait_readable(who);
        CHECK(who->told == turn - 1); // never from inside
        s.run();
        REQUIRE(who->told == turn);
        const auto got = end->read_some(space);
        if (got.status == status::ended) break;
        all.append(space, 0, got.bytes);
    }
    CHECK(all == text);
}

TEST_CASE("pipelined requests are answered in order while the client takes little") {
    tls::site s;
    s.routes.get("/{n}", [](rill::request& request) {
        return rill::response::text(text_of(20'000) + request.param("n"));
    });
    client c{s.connect()};
    c.exchange();
    c.connection().window(3'000);
    for (int n = 0; n < 20; ++n) c.write(fmt::format("GET /{} HTTP/1.1\r\nHost: test\r\n\r\n", n));
    c.exchange();
    const auto answers = c.received();
    std::size_t at = 0;
    for (int n = 0; n < 20; ++n) {
        CAPTURE(n);
        at = answers.find(text_of(20'000) + std::to_string(n), at);
        REQUIRE(at != answers.npos);
    }
}

TEST_CASE("events leave one write at a time, and each comes whole") {
    tls::site s;
    s.routes.get("/", [](rill::request&) -> rill::event_stream {
        for (int n = 1;; ++n) {
            co_await rill::sleep_for(1s);
            const auto number = std::to_string(n);
            co_yield {.data = number};
        }
    });
    client c{s.connect()};
    CHECK(c.ask(tls::get).find("text/event-stream") != std::string::npos);
    const auto before = c.connection().writes();
    for (int n = 1; n <= 10; ++n) {
        s.advance(1s);
        c.exchange();
        CHECK(c.received().ends_with(fmt::format("data: {}\n\n\r\n", n)));
    }
    CHECK(c.connection().writes() == before + 10);
}

TEST_CASE("an endless stream waits for a client that takes nothing, and goes on where it was") {
    tls::site s;
    int yielded = 0;
    s.routes.get("/", [&](rill::request&) -> rill::event_stream {
        for (;;) {
            const auto text = fmt::format("{:1000}", ++yielded);
            co_yield {.data = text};
        }
    });
    client c{s.connect()};
    c.exchange();
    c.connection().window(20'000);
    c.connection().send([&] {
        c.write(tls::get);
        return c.output();
    }());
    const auto stopped = yielded;
    CHECK(stopped < 200); // `write_buffer`, what the wire holds, and an event
    s.advance(1s);
    CHECK(yielded == stopped);
    std::string all;
    for (int turn = 0; turn < 30; ++turn) {
        c.input(c.connection().receive());
        all += c.received();
    }
    CHECK(yielded > stopped);
    std::size_t at = 0;
    for (int n = 1; n <= stopped; ++n) {
        CAPTURE(n);
        at = all.find(fmt::format("data: {:1000}\n", n), at);
        REQUIRE(at != all.npos);
    }
}

TEST_CASE("shared pieces of a topic arrive in order through a narrow connection") {
    rill::topic topic;
    tls::site s;
    s.routes.get("/", [&](rill::request& request) { return topic.subscribe(request); });
    client c{s.connect()};
    CHECK(c.ask(tls::get).find("text/event-stream") != std::string::npos);
    c.connection().window(1'000);
    std::string all;
    for (int round = 0; round < 20; ++round) {
        for (int n = 0; n < 5; ++n) topic.publish({.data = text_of(700 + static_cast<std::size_t>(n))});
        s.run();
        if (round % 3 == 0) {
            c.exchange();
            all += c.received();
        }
    }
    c.exchange();
    all += c.received();
    std::size_t at = 0;
    for (int n = 0; n < 100; ++n) {
        CAPTURE(n);
        at = all.find(fmt::format("data: {}\n", text_of(700 + static_cast<std::size_t>(n) % 5)), at);
        REQUIRE(at != all.npos);
    }
    CHECK(s.log.errors == 0);
}

TEST_CASE("a client that changes its keys, and wants new ones of ours, is answered with them") {
    tls::site s;
    s.routes.get("/", says("hello"));
    client c{s.connect(), {.version = TLS1_3_VERSION}};
    for (int n = 0; n < 5; ++n) {
        CHECK(c.ask(tls::get).ends_with("hello"));
        REQUIRE(SSL_key_update(c.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
        c.exchange(n == 4 ? 1 : std::string::npos);
    }
    CHECK(c.failure().empty());
}

TEST_CASE("a client that asks for new keys without end, and reads nothing, does not fill our memory") {
    tls::site s;
    s.routes.get("/", says("hello"));
    client c{s.connect(), {.version = TLS1_3_VERSION}};
    c.exchange();
    c.connection().window(0);
    for (int n = 0; n < 20'000 && !c.connection().ended(); ++n) {
        SSL_key_update(c.ssl(), SSL_KEY_UPDATE_REQUESTED);
        c.connection().send(c.output());
    }
    CHECK(c.connection().ended());
    CHECK(s.shard().connections() == 0);
}

TEST_CASE("a client of TLS 1.2 may not negotiate again") {
    tls::site s;
    s.routes.get("/", says("hello"));
    client c{s.connect(), {.version = TLS1_2_VERSION}};
    CHECK(c.ask(tls::get).ends_with("hello"));
    SSL_renegotiate(c.ssl());
    c.exchange();
    CHECK(c.failure() == "no renegotiation");
}
