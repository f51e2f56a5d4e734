// Streams that are asked for with a POST, which does something each time.
#include <rill/client/error.hpp>

#include "client/asking.hpp"
#include "client/scripted_server.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <doctest/doctest.h>

#include <string>
#include <system_error>

using namespace asking;
using rill::client_errc;
using rill::client_request;
using rill::method;
using scripted::connection;

namespace {

client_request post_to(const std::string& url, method verb = method::post) {
    return client_request{verb, url}.body("question", "text/plain");
}

/// How a source of a POST ends, and that it has asked only once.
std::error_code end_of_post(const scripted::server::script& script, method verb = method::post) {
    scripted::server server{script};
    rill::http_client client;
    diary told;
    rill::event_source source{client, post_to(server.url(), verb), eager(&told)};
    const auto code = error_of([&]() -> rill::task<void> {
        while (co_await source.next() != nullptr) {
        }
    });
    CHECK(source.state() == rill::source_state::closed);
    REQUIRE(!told.lines.empty());
    CHECK(told.lines.back() == "over");
    CHECK(told.waits.empty());
    CHECK(server.requests().size() == 1);
    return code;
}

} // namespace

TEST_CASE("the stream of a POST is over at its proper end, and stays so") {
    scripted::server server{scripted::events("retry: 1\nid: 1\ndata: a\n\ndata: b\n\n")};
    rill::http_client client;
    diary told;
    rill::event_source source{client, post_to(server.url()), eager(&told)};
    texts taken;
    run([&]() -> rill::task<void> {
        taken = co_await take(source, 9);
        CHECK(co_await source.next() == nullptr);
    });
    CHECK(taken == texts{"message|a|1", "message|b|1"});
    CHECK(told.lines == texts{"open", "over"});
    CHECK(told.codes.at(0) == asio::error::eof);
    CHECK(source.state() == rill::source_state::closed);
    CHECK(server.requests().size() == 1);
}

TEST_CASE("a POST that a server may have got is not sent again, whatever came of it") {
    for (const auto verb : {method::post, method::patch}) {
        CHECK(end_of_post(scripted::answer(scripted::response(503, "Retry-After: 0\r\n")), verb) ==
              client_errc::bad_status);
        CHECK(end_of_post(scripted::answer(scripted::response(429, "")), verb) == client_errc::bad_status);
        CHECK(end_of_post([](connection& c) { (void)c.request(); }, verb) == client_errc::truncated);
        CHECK(end_of_post(
                  [](connection& c) {
                      (void)c.request();
                      c.send(scripted::stream("Content-Length: 99\r\n") + "data: a\n\n");
                      c.finish();
                  },
                  verb) == client_errc::truncated);
        CHECK(end_of_post(
                  [](connection& c) {
                      (void)c.request();
                      c.send("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n");
                      c.finish();
                  },
                  verb) == client_errc::malformed_response);
    }
}

TEST_CASE("a POST that no server has got is sent when there is one") {
    std::string gone;
    {
        scripted::server before{scripted::answer("")};
        gone = before.url();
    }
    rill::http_client client;
    diary told;
    rill::event_source source{client, post_to(gone), eager(&told)};
    told.failed = [&] {
        if (told.lines.size() == 2) source.close();
    };
    run([&]() -> rill::task<void> { CHECK(co_await source.next() == nullptr); });
    CHECK(told.lines == texts{"again", "again"});
}

TEST_CASE("a POST is sent again where that is asked for, or restart says so") {
    scripted::server server{{scripted::events("id: 1\ndata: a\n\n"), scripted::endless("data: b\n\n")}};
    rill::http_client client;
    auto options = eager();
    options.retry_post = true;
    rill::event_source willing{client, post_to(server.url()), options};
    texts taken;
    run([&]() -> rill::task<void> { taken = co_await take(willing, 2); });
    CHECK(taken == texts{"message|a|1", "message|b|1"});

    scripted::server other{{scripted::endless("data: a\n\n"), scripted::events("data: b\n\n")}};
    rill::event_source wary{client, post_to(other.url()), eager()};
    run([&]() -> rill::task<void> {
        taken = co_await take(wary, 1);
        wary.restart();
        const auto more = co_await take(wary, 9);
        taken.insert(taken.end(), more.begin(), more.end());
    });
    CHECK(taken == texts{"message|a|", "message|b|"});
    CHECK(other.requests().size() == 2);
}

TEST_CASE("where next is cancelled in the stream of a POST, the next call sends nothing") {
    scripted::server server{scripted::endless("data: a\n\n")};
    rill::http_client client;
    diary told;
    rill::event_source source{client, post_to(server.url()), eager(&told)};
    asio::cancellation_signal cancel;
    run([&]() -> rill::task<void> {
        (void)co_await take(source, 1);
        const auto executor = co_await asio::this_coro::executor;
        asio::steady_timer soon{executor, 1ms};
        soon.async_wait([&](asio::error_code) { cancel.emit(asio::cancellation_type::terminal); });
        try {
            co_await asio::co_spawn(
                executor, [&]() -> rill::task<void> { (void)co_await source.next(); },
                asio::bind_cancellation_slot(cancel.slot(), asio::use_awaitable));
        } catch (const std::system_error& cancelled) {
            CHECK(cancelled.code() == asio::error::operation_aborted);
        }
    });
    CHECK(error_of([&]() -> rill::task<void> { (void)co_await source.next(); }) == client_errc::interrupted);
    CHECK(told.lines == texts{"open", "over"});
    CHECK(server.requests().size() == 1);
}

TEST_CASE("a stream of a POST may have the status 201, or another 2xx") {
    for (const unsigned status : {201, 202, 203, 206}) {
        scripted::server server{scripted::answer(
            scripted::response(status, "Content-Type: text/event-stream\r\n", "data: a\n\n"))};
        rill::http_client client;
        rill::event_source source{client, post_to(server.url()), eager()};
        texts taken;
        run([&]() -> rill::task<void> { taken = co_await take(source, 9); });
        CHECK(taken == texts{"message|a|"});
    }
    CHECK(end_of_post(scripted::answer(scripted::response(201, "Content-Type: text/html\r\n"))) ==
          client_errc::wrong_media_type);
    CHECK(end_of_post(scripted::answer(scripted::response(204, ""))) == client_errc::bad_status);
}
