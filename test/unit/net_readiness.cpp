// When a socket's transport tells of bytes, of room, and of the end. The tests run over each kind of
// transport.
#include "net_connected.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/uio.h>

using namespace connected;

namespace {

/// Waits and reads until all of `expected` has come, in pieces as they come.
void check_all_comes(loop& l, connection& c, std::string_view expected) {
    const auto who = std::make_shared<connected::observer>();
    std::string all;
    while (all.size() < expected.size()) {
        c.end->wait_readable(who);
        REQUIRE(l.until([&, told = who->reads + 1] { return who->reads == told; }));
        const auto more = c.read();
        REQUIRE(more != "END");
        all += more;
    }
    CHECK(all == expected);
}

/// Sends a descriptor along with the bytes: a read stops behind them.
void send_with_descriptor(stream_socket& peer, std::string_view bytes) {
    std::string copy{bytes};
    iovec piece{copy.data(), copy.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space{};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = space.data();
    message.msg_controllen = space.size();
    auto* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    const int passed = peer.native_handle();
    std::memcpy(CMSG_DATA(rights), &passed, sizeof passed);
    REQUIRE(::sendmsg(peer.native_handle(), &message, 0) == static_cast<ssize_t>(bytes.size()));
}

} // namespace

TEST_CASE("who waits for bytes is told once, by the event loop") {
    loop l;
    auto c = l.over_unix();
    const auto who = std::make_shared<connected::observer>();
    c.end->wait_readable(who);
    l.run();
    CHECK(who->reads == 0);
    c.send("one");
    CHECK(who->reads == 0);
    l.run();
    CHECK(who->reads == 1);
    c.send("two");
    l.run();
    CHECK(who->reads == 1); // it waits no more
    CHECK(c.read() == "onetwo");
    CHECK(who->writes == 0);
}

TEST_CASE("a wait for bytes that are there already ends too, and not inside the call") {
    loop l;
    auto c = l.over_unix();
    const auto who = std::make_shared<connected::observer>();
    SUBCASE("and that nobody has seen") {
        c.send("x");
    }
    SUBCASE("and that came while nobody waited") {
        l.run();
        c.send("x");
        l.run();
    }
    c.end->wait_readable(who);
    CHECK(who->reads == 0);
    l.run();
    CHECK(who->reads == 1);
    CHECK(c.read() == "x");
}

TEST_CASE("what a read has left ends the next wait") {
    loop l;
    auto c = l.over_tcp();
    const auto who = std::make_shared<connected::observer>();
    c.send("ten bytes.");
    for (const auto* const piece : {"ten ", "byte", "s."}) {
        c.end->wait_readable(who);
        REQUIRE(l.until([&, told = who->reads + 1] { return who->reads == told; }));
        CHECK(c.read(4) == piece);
    }
    c.end->wait_readable(who);
    l.run();
    CHECK(who->reads == 3);
    c.send("more");
    CHECK(l.until([&] { return who->reads == 4; }));
    CHECK(c.read() == "more");
}

TEST_CASE("a read that was filled to the last byte is followed by a wait for more") {
    loop l;
    auto c = l.over_tcp();
    c.send("four");
    check_all_comes(l, c, "four");
    c.send("four");
    const auto who = std::make_shared<connected::observer>();
    c.end->wait_readable(who);
    REQUIRE(l.until([&] { return who->reads == 1; }));
    CHECK(c.read(4) == "four");
    CHECK(c.read().empty());
    c.end->wait_readable(who);
    l.run();
    CHECK(who->reads == 1);
    c.send("more");
    CHECK(l.until([&] { return who->reads == 2; }));
}

TEST_CASE("a thousand questions and answers lose no edge") {
    loop l;
    auto c = l.over_tcp();
    for (int i = 0; i < 1000; ++i) {
        const auto text = std::to_string(i);
        c.send(text);
        check_all_comes(l, c, text);
        REQUIRE(c.write(text).bytes == text.size());
        c.take(text.size());
    }
}

TEST_CASE("an end behind bytes is told after them") {
    loop l;
    auto c = l.over_tcp();
    const auto who = std::make_shared<connected::observer>();
    SUBCASE("that came together with it") {
        c.send("last words");
        c.finish();
    }
    SUBCASE("that were told before") {
        c.send("last words");
        c.end->wait_readable(std::make_shared<connected::observer>());
        l.run();
        c.finish();
        l.run();
    }
    SUBCASE("of a peer that is gone altogether") {
        c.send("last words");
        c.peer.close();
    }
    c.end->wait_readable(who);
    REQUIRE(l.until([&] { return who->reads == 1; }));
    CHECK(c.read() == "last words");
    c.end->wait_readable(who);
    REQUIRE(l.until([&] { return who->reads == 2; }));
    CHECK(c.read() == "END");
    c.end->wait_readable(who);
    CHECK(l.until([&] { return who->reads == 3; })); // an end stays one
    CHECK(c.read() == "END");
}

TEST_CASE("a peer that has finished its side still takes what is written") {
    loop l;
    auto c = l.over_tcp();
    c.finish();
    l.run();
    CHECK(c.write("answer").bytes == 6);
    c.take(6);
    const auto written = c.fill();
    const auto who = std::make_shared<connected::observer>();
    c.end->wait_writable(who);
    l.run();
    CHECK(who->writes == 0);
    c.take(written);
    CHECK(l.until([&] { return who->writes == 1; }));
}

TEST_CASE("bytes that a read does not reach in one go are told of") {
    loop l;
    SUBCASE("behind urgent data") {
        auto c = l.over_tcp();
        c.send("ab");
        c.peer.send(asio::buffer("!", 1), asio::socket_base::message_out_of_band);
        c.send("cd");
        check_all_comes(l, c, "abcd");
        c.send("ef");
        check_all_comes(l, c, "ef");
    }
    SUBCASE("behind a descriptor that came along") {
        auto c = l.over_unix();
        send_with_descriptor(c.peer, "ab");
        c.send("cd");
        check_all_comes(l, c, "abcd");
    }
}

TEST_CASE("who waits for room is told when the peer has made some, each time") {
    loop l;
    connection c = [&]() -> connection {
        SUBCASE("over TCP") {
            return l.over_tcp();
        }
        SUBCASE("over a Unix socket") {
            return l.over_unix();
        }
        return l.over_unix();
    }();
    const auto who = std::make_shared<connected::observer>();
    for (int round = 1; round <= 3; ++round) {
        const auto written = c.fill();
        REQUIRE(written > 0);
        c.end->wait_writable(who);
        l.run();
        CHECK(who->writes == round - 1);
        c.take(written);
        REQUIRE(l.until([&] { return who->writes == round; }));
    }
    CHECK(who->reads == 0);
}

TEST_CASE("a wait for room that is there ends too, and not inside the call") {
    loop l;
    auto c = l.over_unix();
    const auto who = std::make_shared<connected::observer>();
    SUBCASE("nothing having been written") {}
    SUBCASE("the peer having taken all") {
        c.take(c.fill());
    }
    SUBCASE("the peer having taken all behind a wait") {
        const auto written = c.fill();
        c.end->wait_writable(std::make_shared<connected::observer>());
        c.take(written);
        l.run();
    }
    c.end->wait_writable(who);
    CHECK(who->writes == 0);
    l.run();
    CHECK(who->writes == 1);
}

TEST_CASE("a peer that leaves ends both waits") {
    loop l;
    auto c = l.over_tcp();
    const auto reader = std::make_shared<connected::observer>();
    const auto writer = std::make_shared<connected::observer>();
    c.fill();
    c.end->wait_writable(writer);
    c.end->wait_readable(reader);
    SUBCASE("and each is told once") {
        c.reset();
        REQUIRE(l.until([&] { return reader->reads == 1 && writer->writes == 1; }));
        CHECK(c.read() == "END");
        CHECK(c.write("x").status == transport::status::ended);
    }
    SUBCASE("even if one of them throws") {
        reader->then_read = [] { throw std::runtime_error{"thrown by an observer"}; };
        c.reset();
        CHECK_THROWS_AS(static_cast<void>(l.until([] { return false; })), std::runtime_error);
        CHECK(l.until([&] { return writer->writes == 1; }));
    }
    SUBCASE("even if one of them destroys the transport") {
        reader->then_read = [&] { c.end.reset(); };
        c.reset();
        CHECK(l.until([&] { return writer->writes == 1; }));
    }
    l.run();
    CHECK(reader->reads == 1);
    CHECK(writer->writes == 1);
}

TEST_CASE("closing ends all waits: by the event loop, once each, and it keeps the observers so long") {
    loop l;
    auto c = l.over_unix();
    const auto writer = std::make_shared<connected::observer>();
    auto reader = std::make_shared<connected::observer>();
    const std::weak_ptr seen = reader;
    int told = 0;
    reader->then_read = [&told] { ++told; };
    c.fill();
    c.end->wait_readable(std::move(reader));
    c.end->wait_writable(writer);
    l.run();
    SUBCASE("by hand") {
        c.end->close(false);
    }
    SUBCASE("by hand, with bytes on their way") {
        c.send("x");
        c.end->close(false);
    }
    SUBCASE("by destruction") {
        c.end.reset();
    }
    CHECK_FALSE(seen.expired());
    CHECK(told == 0);
    CHECK(writer->writes == 0);
    l.run();
    CHECK(seen.expired());
    CHECK(told == 1);
    CHECK(writer->writes == 1);
}

TEST_CASE("a closed transport is at its end, and a wait for it ends") {
    loop l;
    auto c = l.over_tcp();
    c.send("x");
    l.run();
    c.end->close(true);
    c.end->close(false);
    c.end->shutdown_write();
    CHECK(c.read() == "END");
    CHECK(c.write("x").status == transport::status::ended);
    CHECK(c.end->remote_address() == "unknown");
    const auto who = std::make_shared<connected::observer>();
    c.end->wait_readable(who);
    c.end->wait_writable(who);
    CHECK(who->reads + who->writes == 0);
    l.run();
    CHECK(who->reads == 1);
    CHECK(who->writes == 1);
}

TEST_CASE("a peer can tell a transport that was closed with a reset from one that has finished") {
    loop l;
    auto c = l.over_tcp();
    std::array<char, 1> space{};
    asio::error_code failure;
    SUBCASE("a reset") {
        c.end->close(true);
        c.peer.read_some(asio::buffer(space), failure);
        CHECK(failure == asio::error::connection_reset);
    }
    SUBCASE("an end") {
        c.end->close(false);
        c.peer.read_some(asio::buffer(space), failure);
        CHECK(failure == asio::error::eof);
    }
    SUBCASE("an end of one direction") {
        c.end->shutdown_write();
        c.peer.read_some(asio::buffer(space), failure);
        CHECK(failure == asio::error::eof);
        c.send("still heard");
        check_all_comes(l, c, "still heard");
    }
}

TEST_CASE("a transport tells where its peer is") {
    loop l;
    CHECK(l.over_unix().end->remote_address() == "unix");
    const auto c = l.over_tcp();
    CHECK(c.end->remote_address() == "127.0.0.1:" + std::to_string([&] {
                                         asio::ip::tcp::endpoint own;
                                         const auto local = c.peer.local_endpoint();
                                         std::memcpy(own.data(), local.data(), local.size());
                                         return own.port();
                                     }()));
}
