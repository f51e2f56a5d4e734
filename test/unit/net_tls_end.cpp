// How a TLS connection ends: properly, in mid-word, by a deadline; and what never was TLS.
#include "net_tls_site.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

using tls::client;
using namespace std::chrono_literals;

namespace {

void quiet_stream(tls::site& s, int& alive) {
    struct local {
        explicit local(int& count) : count_{count} { ++count_; }
        local(const local&) = delete;
        local& operator=(const local&) = delete;
        ~local() { --count_; }

    private:
        int& count_;
    };
    s.routes.get("/", [&alive](rill::request&) -> rill::event_stream {
        const local here{alive};
        co_yield {.data = "hello"};
        co_await rill::sleep_for(1h);
    });
}

} // namespace

TEST_CASE("an answer after which the connection closes ends with close_notify") {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        CAPTURE(version);
        tls::site s;
        s.routes.get("/", says("hello"));
        client c{s.connect(), {.version = version}};
        SUBCASE("at once") {}
        SUBCASE("through a narrow connection") {
            c.exchange();
            c.connection().window(10);
        }
        const auto answer = c.ask("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        CHECK(answer.ends_with("hello"));
        CHECK(c.peer_finished());
        CHECK(c.connection().ended());
        CHECK_FALSE(c.connection().was_reset());
        CHECK(c.failure().empty());
    }
}

TEST_CASE("a stream that is cut because its handler threw ends without the last chunk") {
    tls::site s;
    s.routes.get("/", [](rill::request&) -> rill::event_stream {
        co_yield {.data = "hello"};
        co_await rill::sleep_for(1s);
        throw std::runtime_error{"broken"};
    });
    client chunked{s.connect()}, until_close{s.connect()};
    auto text = chunked.ask(tls::get);
    auto plain = until_close.ask("GET / HTTP/1.0\r\n\r\n");
    s.advance(1s);
    chunked.exchange();
    until_close.exchange();
    CHECK((text + chunked.received()).find("\r\n0\r\n") == std::string::npos);
    CHECK(chunked.peer_finished());
    // Only the missing close_notify and the reset tell it from the end of the body.
    CHECK((plain + until_close.received()).ends_with("data: hello\n\n"));
    CHECK_FALSE(until_close.peer_finished());
    CHECK(until_close.connection().was_reset());
}

TEST_CASE("a client that leaves is noticed while its handler waits, however it leaves") {
    int alive = 0;
    tls::site s;
    quiet_stream(s, alive);
    client c{s.connect()};
    CHECK(c.ask(tls::get).find("data: hello") != std::string::npos);
    REQUIRE(alive == 1);
    SUBCASE("with close_notify") {
        c.finish();
    }
    SUBCASE("with close_notify, right behind a part of a request") {
        c.write("GET");
        c.finish();
    }
    SUBCASE("without a word") {
        c.connection().close();
    }
    SUBCASE("without a word, but half open") {
        c.connection().finish();
    }
    SUBCASE("in the middle of a record") {
        c.write(tls::get);
        c.connection().send(c.output().substr(0, 20));
        CHECK(alive == 1);
        c.connection().close();
    }
    SUBCASE("with a fatal alert") {
        c.connection().send(std::string_view{"\x15\x03\x03\x00\x02\x02\x28", 7}); // which is no record of 1.3
    }
    s.run();
    CHECK(alive == 0);
    CHECK(s.shard().connections() == 0);
    CHECK(s.log.lines.empty());
}

TEST_CASE("a client that has sent all it will is answered, whether it said close_notify or not") {
    tls::site s;
    s.routes.get("/", says("hello"));
    for (const bool polite : {true, false}) {
        CAPTURE(polite);
        client c{s.connect()};
        c.exchange();
        c.write(tls::get);
        if (polite) SSL_shutdown(c.ssl());
        const auto all = c.output();
        c.connection().send(all);
        if (!polite) c.connection().finish();
        c.exchange();
        CHECK(c.received().ends_with("hello"));
        CHECK(c.peer_finished());
    }
}

TEST_CASE("a record that was changed on its way ends the connection with bad_record_mac") {
    int alive = 0;
    tls::site s;
    quiet_stream(s, alive);
    client c{s.connect()};
    REQUIRE_FALSE(c.ask(tls::get).empty());
    c.write("GET");
    auto record = c.output();
    record.back() = static_cast<char>(record.back() ^ 1);
    c.connection().send(record);
    c.exchange();
    CHECK(alive == 0);
    CHECK(c.failure() == "sslv3 alert bad record mac");
    CHECK(c.connection().ended());
    CHECK(s.log.lines.empty());
}

TEST_CASE("a handshake that is not done in ten seconds is closed without a word") {
    tls::site s;
    client c{s.connect()};
    auto& connection = c.connection();
    const auto hello = c.output();
    SUBCASE("nothing was sent") {}
    SUBCASE("a byte each second") {
        for (std::size_t n = 0; n < 9; ++n) {
            connection.send(hello.substr(n, 1));
            s.advance(1s);
        }
        CHECK_FALSE(connection.ended());
        s.advance(1s);
    }
    SUBCASE("half of it was sent") {
        connection.send(hello.substr(0, hello.size() / 2));
    }
    SUBCASE("our part was not taken") {
        connection.window(10);
        connection.send(hello);
        CHECK(connection.receive().size() == 10);
    }
    SUBCASE("the client's last part is missing") {
        connection.send(hello);
        CHECK_FALSE(connection.receive().empty());
    }
    s.advance(9'999ms);
    if (!connection.ended()) {
        CHECK(s.shard().connections() == 1);
        s.advance(1ms);
    }
    CHECK(connection.ended());
    CHECK(s.shard().connections() == 0);
    CHECK(s.log.lines.empty());
}

TEST_CASE("the deadline of the handshake is the one of the limits, and does not concern what comes later") {
    tls::site s{{.handshake_timeout = 2s}};
    s.routes.get("/", says("hello"));
    client slow{s.connect()}, idle{s.connect()};
    idle.exchange();
    REQUIRE(idle.established());
    s.advance(2s);
    CHECK(slow.connection().ended());
    s.advance(70s);
    CHECK(idle.ask(tls::get).ends_with("hello"));
    s.advance(61min);
    idle.exchange();
    CHECK(idle.peer_finished()); // an idle connection is closed as it should be
    CHECK(idle.connection().ended());
}

TEST_CASE("draining waits for no handshake any longer than for an idle client, and ends streams with "
          "close_notify") {
    int alive = 0;
    tls::site s;
    quiet_stream(s, alive);
    client stream{s.connect()}, silent{s.connect()}, half{s.connect()}, idle{s.connect()};
    REQUIRE_FALSE(stream.ask(tls::get).empty());
    half.connection().send(half.output());
    idle.exchange();
    bool drained = false;
    s.shard().drain([&] { drained = true; });
    s.run();
    CHECK(silent.connection().ended());
    CHECK(half.connection().ended());
    CHECK(idle.connection().ended());
    stream.exchange();
    CHECK(stream.received().ends_with("0\r\n\r\n"));
    CHECK(stream.peer_finished());
    CHECK(alive == 0);
    stream.finish();
    s.advance(250ms); // the same grace that clients without TLS have
    CHECK(drained);
}

TEST_CASE("a client that takes nothing is cut after `write_timeout`, one that takes a little is not") {
    tls::site s{{.write_timeout = 5s}};
    const std::string large(100'000, 'x');
    s.routes.get("/", says(large));
    client c{s.connect()};
    c.exchange();
    c.connection().window(1'000);
    c.write(tls::get);
    c.connection().send(c.output());
    for (int n = 0; n < 20; ++n) { // 20,000 bytes: more than a record
        s.advance(4s);
        REQUIRE_FALSE(c.connection().ended());
        c.input(c.connection().receive());
    }
    s.advance(5s);
    CHECK(c.connection().was_reset());
    CHECK(s.shard().connections() == 0);
}

TEST_CASE("what is no TLS closes the connection, and nothing else happens") {
    tls::site s;
    using namespace std::string_literals;
    const std::vector<std::string> junk{
        "GET / HTTP/1.1\r\nHost: test\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "CONNECT test:443 HTTP/1.1\r\n\r\n",
        std::string(100, '\0'),
        std::string(70'000, '\xFF'),
        "\x16\x03\x01\xFF\xFF"s + std::string(70'000, 'a'),             // a record of 65,535 bytes
        "\x16\x03\x01\x40\x01\x01"s + std::string(16'500, 'a'),         // of one too many
        "\x16\x03\x01\x00\x04\x01\xFF\xFF\xFF"s,                        // a hello of 16 MiB
        "\x16\x03\x01\x00\x00"s + "\x16\x03\x01\x00\x00"s,              // empty records
        "\x17\x03\x03\x00\x05hello"s,                                   // data before the handshake
        "\x14\x03\x03\x00\x01\x01"s,                                    // a change of ciphers to none
        "\x15\x03\x01\x00\x02\x02\x28"s,                                // a fatal alert
        "\x80\x2E\x01\x00\x02\x00\x15\x00\x00\x00\x10"s + "0123456789"s // a hello of SSL 2
    };
    for (const auto& bytes : junk) {
        CAPTURE(bytes.substr(0, 12));
        auto connection = s.connect();
        connection.send(bytes);
        if (!connection.ended()) s.advance(10s); // it may look like a beginning
        CHECK(connection.ended());
    }
    CHECK(s.shard().connections() == 0);
    CHECK(s.log.lines.empty());
}

TEST_CASE("a hello that is cut short or has any byte changed ends in a handshake, an alert or the deadline") {
    tls::site s;
    s.routes.get("/", says("hello"));
    std::string hello;
    {
        client c{s.connect()};
        hello = c.output();
    }
    for (std::size_t n = 0; n < hello.size(); ++n) {
        CAPTURE(n);
        auto cut = s.connect();
        cut.send(hello.substr(0, n));
        cut.finish();
        CHECK(cut.ended());
        auto changed = s.connect();
        auto bytes = hello;
        bytes[n] = static_cast<char>(bytes[n] ^ (n % 2 == 0 ? 0xFF : 0x01));
        changed.send(bytes);
        changed.finish();
        CHECK(changed.ended());
    }
    CHECK(s.shard().connections() == 0);
    CHECK(s.log.lines.empty());
}

TEST_CASE("random bytes, before the handshake and after it, only end their connection") {
    tls::site s;
    s.routes.get("/", says("hello"));
    std::uint32_t state = 12345;
    const auto random = [&state] { return (state = state * 1'664'525 + 1'013'904'223) >> 16; };
    for (int round = 0; round < 300; ++round) {
        CAPTURE(round);
        std::string bytes;
        for (auto left = random() % 600; left > 0; --left) bytes += static_cast<char>(random());
        client c{s.connect()};
        if (round % 3 != 0) c.connection().send(c.output());
        if (round % 3 == 2) c.exchange();
        c.connection().send(bytes);
        c.connection().finish();
        CHECK(c.connection().ended());
    }
    CHECK(s.shard().connections() == 0);
    client good{s.connect()};
    CHECK(good.ask(tls::get).ends_with("hello"));
}
