// How an event_source comes back, and when it does not.
#include <rill/client/error.hpp>
#include <rill/http/error.hpp>

#include "client/asking.hpp"
#include "client/scripted_server.hpp"

#include <asio/error.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <system_error>

using namespace asking;
using rill::client_errc;
using scripted::connection;
using scripted::field;

namespace {

/// Follows `server` for `count` messages.
texts follow(const scripted::server& server, std::size_t count, diary& told,
             std::chrono::milliseconds max_retry = eager().max_retry) {
    rill::http_client client;
    auto options = eager(&told);
    options.max_retry = max_retry;
    rill::event_source source{client, server.url(), options};
    texts taken;
    run([&]() -> rill::task<void> { taken = co_await take(source, count); });
    return taken;
}

/// What a source ends with that is answered so; it must have asked once, and have said so.
std::error_code end_of(const scripted::server::script& script, bool has_opened = false) {
    scripted::server server{script};
    rill::http_client client;
    diary told;
    rill::event_source source{client, server.url(), eager(&told)};
    const auto next = [&]() -> rill::task<void> { (void)co_await source.next(); };
    const auto code = error_of(next);
    CHECK(source.state() == rill::source_state::closed);
    CHECK(told.lines == (has_opened ? texts{"open", "over"} : texts{"over"}));
    CHECK(told.codes.at(0) == code);
    CHECK_MESSAGE(told.words.at(0).find(server.authority()) != std::string::npos, told.words.at(0));
    CHECK(error_of(next) == code); // again at each call
    CHECK(told.lines.size() == (has_opened ? 2 : 1));
    CHECK(server.connections() == 1);
    return code;
}

} // namespace

TEST_CASE("a stream that ends is asked for again, with the id that it stood at") {
    scripted::server server{{scripted::events("id: 1\ndata: a\n\nid: 2\n\nid: 3\ndata: cut"),
                             scripted::events("data: b\n\n"), scripted::endless("id: 4\ndata: c\n\n")}};
    diary told;
    CHECK(follow(server, 3, told) == texts{"message|a|1", "message|b|2", "message|c|4"});
    CHECK(scripted::count(server.request(0), "Last-Event-ID") == 0);
    CHECK(field(server.request(1), "Last-Event-ID") == "2");
    CHECK(field(server.request(2), "Last-Event-ID") == "2");
    CHECK(told.lines == texts{"open", "again", "open", "again", "open"});
    CHECK(told.codes.at(0) == asio::error::eof);
    CHECK(told.waits.at(0) == 1ms);
}

TEST_CASE("a stream with chunks ends properly, too") {
    scripted::server server{{[](connection& c) {
                                 (void)c.request();
                                 c.send(scripted::stream("Transfer-Encoding: chunked\r\n") +
                                        scripted::chunk("data: a\n\n") + "0\r\n\r\n");
                                 (void)c.request(); // on the same connection
                                 c.send(scripted::stream() + "data: b\n\n");
                                 (void)c.is_left();
                             },
                             scripted::endless("data: b\n\n")}};
    diary told;
    CHECK(follow(server, 2, told) == texts{"message|a|", "message|b|"});
    CHECK(told.codes.at(0) == asio::error::eof);
}

TEST_CASE("an id that is cleared is not sent any more") {
    scripted::server server{
        {scripted::events("id: 1\ndata: a\n\nid:\n\n"), scripted::endless("data: b\n\n")}};
    diary told;
    CHECK(follow(server, 2, told) == texts{"message|a|1", "message|b|"});
    CHECK(scripted::count(server.request(1), "Last-Event-ID") == 0);
}

TEST_CASE("streams that break are asked for again") {
    const auto breaks = [](const scripted::server::script& script) {
        scripted::server server{{script, scripted::endless("data: b\n\n")}};
        diary told;
        CHECK(follow(server, 2, told) == texts{"message|a|1", "message|b|1"});
        CHECK(told.lines == texts{"open", "again", "open"});
        CHECK(field(server.request(1), "Last-Event-ID") == "1");
        return told.codes.at(0);
    };
    SUBCASE("in mid-chunk") {
        CHECK(breaks([](connection& c) {
                  (void)c.request();
                  c.send(scripted::stream("Transfer-Encoding: chunked\r\n") +
                         "40\r\nid: 1\ndata: a\n\nid: 2\ndata: x");
                  c.finish();
              }) == client_errc::truncated);
    }
    SUBCASE("without the last chunk") {
        CHECK(breaks([](connection& c) {
                  (void)c.request();
                  c.send(scripted::stream("Transfer-Encoding: chunked\r\n") +
                         scripted::chunk("id: 1\ndata: a\n\n"));
                  c.finish();
              }) == client_errc::truncated);
    }
    SUBCASE("with bytes missing") {
        CHECK(breaks([](connection& c) {
                  (void)c.request();
                  c.send(scripted::stream("Content-Length: 1000\r\n") + "id: 1\ndata: a\n\n");
                  c.finish();
              }) == client_errc::truncated);
    }
    SUBCASE("with chunks that are none") {
        CHECK(breaks([](connection& c) {
                  (void)c.request();
                  c.send(scripted::stream("Transfer-Encoding: chunked\r\n") +
                         scripted::chunk("id: 1\ndata: a\n\n") + "what\r\n");
                  c.finish();
              }) == client_errc::malformed_response);
    }
}

TEST_CASE("a reset in mid-stream is asked for again") {
    scripted::gate seen;
    scripted::server server{{[&](connection& c) {
                                 (void)c.request();
                                 c.send(scripted::stream() + "id: 1\ndata: a\n\n");
                                 seen.wait();
                                 c.reset();
                             },
                             scripted::endless("data: b\n\n")}};
    rill::http_client client;
    diary told;
    rill::event_source source{client, server.url(), eager(&told)};
    run([&]() -> rill::task<void> {
        (void)co_await source.next();
        seen.open();
        const auto* const message = co_await source.next();
        CHECK(message->data == "b");
        CHECK(message->last_event_id == "1");
    });
    CHECK(told.lines == texts{"open", "again", "open"});
}

TEST_CASE("attempts that fail are told and made again, and the id survives them") {
    scripted::server server{
        {scripted::events("id: 7\ndata: a\n\n"),
         [](connection& c) { (void)c.request(); }, // leaves without a word
         [](connection& c) {
             (void)c.request();
             c.send("SSH-2.0-OpenSSH\r\n\r\n");
             c.finish();
         },
         scripted::answer(scripted::response(500, "", "oops")),
         scripted::answer(
             scripted::response(503, "Connection: close\r\nContent-Type: text/event-stream\r\n")),
         scripted::answer(scripted::response(429, "Connection: close\r\nRetry-After: 0\r\n")),
         scripted::endless("data: b\n\n")}};
    diary told;
    CHECK(follow(server, 2, told) == texts{"message|a|7", "message|b|7"});
    CHECK(told.lines == texts{"open", "again", "again", "again", "again", "again", "again", "open"});
    CHECK(told.codes.at(2) == client_errc::malformed_response);
    CHECK(told.codes.at(3) == client_errc::bad_status);
    CHECK_MESSAGE(told.words.at(3).find("500") != std::string::npos, told.words.at(3));
    CHECK_MESSAGE(told.words.at(5).find("429") != std::string::npos, told.words.at(5));
    const auto requests = server.requests();
    for (std::size_t n = 1; n < requests.size(); ++n) CHECK(field(requests[n], "Last-Event-ID") == "7");
}

TEST_CASE("a server that is not there is tried again until it is") {
    rill::http_client client;
    diary told;
    std::string url;
    {
        scripted::server gone{scripted::answer("")};
        url = gone.url();
    }
    rill::event_source source{client, url, eager(&told)};
    told.failed = [&] {
        if (told.lines.size() == 3) source.close();
    };
    run([&]() -> rill::task<void> { CHECK(co_await source.next() == nullptr); });
    CHECK(told.lines == texts{"again", "again", "again"});
    CHECK(told.codes.at(0) == std::errc::connection_refused);
}

TEST_CASE("statuses that say no are the end") {
    for (const unsigned status : {201, 202, 205, 206, 300, 304, 400, 401, 403, 404, 405, 407, 410, 451}) {
        CAPTURE(status);
        CHECK(end_of(scripted::answer(scripted::response(status, "Content-Type: text/event-stream\r\n"))) ==
              client_errc::bad_status);
    }
    CHECK(end_of(scripted::answer("HTTP/1.1 204 No Content\r\n\r\n")) == client_errc::bad_status);
}

TEST_CASE("another media type is the end") {
    for (const std::string field : {"", "Content-Type: text/html\r\n", "Content-Type: text/event-streams\r\n",
                                    "Content-Type: text/x; a=text/event-stream\r\n", "Content-Type:\r\n"}) {
        CAPTURE(field);
        CHECK(end_of(scripted::answer(scripted::response(200, field, "data: x\n\n"))) ==
              client_errc::wrong_media_type);
    }
}

TEST_CASE("redirects that lead nowhere are the end") {
    for (const unsigned status : {301, 302, 303, 307, 308}) {
        CAPTURE(status);
        CHECK(end_of(scripted::answer(scripted::response(status, ""))) == client_errc::invalid_redirect);
        CHECK(end_of(scripted::answer(scripted::response(status, "Location: ftp://localhost/\r\n"))) ==
              client_errc::invalid_redirect);
    }
}

TEST_CASE("a coding that was not offered is the end") {
    CHECK(end_of(scripted::answer(scripted::stream("Content-Encoding: gzip\r\n") + "\x1F\x8B\x08")) ==
          client_errc::unknown_coding);
}

TEST_CASE("no URL of HTTP is the end, with nothing sent") {
    rill::http_client client;
    for (const auto* const url : {"", "/ticks", "ftp://localhost/", "http://", "localhost:1"}) {
        CAPTURE(url);
        diary told;
        rill::event_source source{client, url, eager(&told)};
        CHECK(error_of([&]() -> rill::task<void> { (void)co_await source.next(); }) ==
              client_errc::invalid_url);
        CHECK(told.lines == texts{"over"});
    }
}

TEST_CASE("5xx and 429 are the end where that is wanted") {
    for (const unsigned status : {500, 503, 429}) {
        scripted::server server{scripted::answer(scripted::response(status, "Retry-After: 0\r\n"))};
        rill::http_client client;
        auto options = eager();
        options.retry_server_errors = false;
        rill::event_source source{client, server.url(), options};
        CHECK(error_of([&]() -> rill::task<void> { (void)co_await source.next(); }) ==
              client_errc::bad_status);
    }
}

TEST_CASE("a refusal inside a stream is taken as its status: told with its reason, and waited for") {
    const auto refused =
        scripted::events("event: refused\nretry: 20\ndata: {\"status\":503,\"reason\":\"full\"}\n\n");
    scripted::server server{{scripted::events("id: 1\ndata: a\n\n"), refused, refused, refused,
                             scripted::endless("data: b\n\n")}};
    diary told;
    CHECK(follow(server, 2, told, 1min) == texts{"message|a|1", "message|b|1"}); // it is no message
    REQUIRE(told.codes.size() == 4);
    CHECK(told.codes[0] == asio::error::eof);
    for (std::size_t n = 1; n < 4; ++n) {
        CHECK(told.codes[n] == client_errc::bad_status);
        CHECK_MESSAGE(told.words[n].find(": 503 full") != std::string::npos, told.words[n]);
        CHECK(told.waits[n] >= 20ms);
    }
    CHECK(field(server.request(4), "Last-Event-ID") == "1");
}

TEST_CASE("a refusal inside a stream is the end where its status would be") {
    for (const auto* const data :
         {R"({"status":503,"reason":"full"})", R"({"status":429,"reason":"slower"})"}) {
        scripted::server server{scripted::endless("event: refused\ndata: " + std::string{data} + "\n\n")};
        rill::http_client client;
        auto options = eager();
        options.retry_server_errors = false;
        rill::event_source source{client, server.url(), options};
        CHECK(error_of([&]() -> rill::task<void> { (void)co_await source.next(); }) ==
              client_errc::bad_status);
    }
}

TEST_CASE("another server's event of the name refused is a message") {
    scripted::server server{scripted::endless("event: refused\ndata: the door is closed\n\n")};
    diary told;
    CHECK(follow(server, 1, told) == texts{"refused|the door is closed|"});
}

TEST_CASE("an id that no field can hold is not sent: the source comes back with the one before it") {
    for (const auto* const last : {"a\x01z", "\x7F", "\x1F"}) {
        scripted::server server{{scripted::events(fmt::format("id: 7\ndata: x\n\nid: {}\ndata: y\n\n", last)),
                                 scripted::events(fmt::format("data: z\n\nid: {}\n\n", last)), // a place only
                                 scripted::events("id: 8\n\n"), scripted::events("id:\ndata: e\n\n"),
                                 scripted::events(fmt::format("id: {}\ndata: f\n\n", last)),
                                 scripted::events("data: g\n\n")}};
        rill::http_client client;
        rill::event_source source{client, server.url(), eager()};
        run([&]() -> rill::task<void> {
            const auto as_it_came = std::string{last};
            const auto before = co_await take(source, 3);
            CHECK(before == texts{"message|x|7", "message|y|" + as_it_came, "message|z|" + as_it_came});
            CHECK(source.last_event_id() == as_it_came);
            const auto behind = co_await take(source, 3);
            CHECK(behind == texts{"message|e|", "message|f|" + as_it_came, "message|g|" + as_it_came});
        });
        CHECK(field(server.request(1), "Last-Event-ID") == "7");
        CHECK(field(server.request(2), "Last-Event-ID") == "7");
        CHECK(field(server.request(3), "Last-Event-ID") == "8");
        CHECK(scripted::count(server.request(4), "Last-Event-ID") == 0);
        CHECK(scripted::count(server.request(5), "Last-Event-ID") == 0);
    }
}

TEST_CASE("retry acts at its own line, also of an event that is cut off, and what is bogus is ignored") {
    scripted::server server{{scripted::events("retry: 20\ndata: a\n\n"),
                             scripted::events("retry:x20\nretry: 2 0\nretry: -1\nretry\nretry:\ndata: b\n\n"),
                             scripted::events("data: c\n\nretry: 30\ndata: cut"),
                             scripted::events("data: d\n\nretry: 40"), scripted::endless("data: e\n\n")}};
    diary told;
    CHECK(follow(server, 5, told, 1min).size() == 5);
    REQUIRE(told.waits.size() == 4);
    CHECK(told.waits[0] == 20ms);
    CHECK(told.waits[1] == 20ms);
    CHECK(told.waits[2] == 30ms);
    CHECK(told.waits[3] == 30ms); // its line has not ended
}

TEST_CASE("a server's word for retry is bounded by the source's own limits") {
    scripted::server server{{scripted::events("retry: 2000000000\ndata: a\n\n"),
                             scripted::events("retry: 0\ndata: b\n\n"), scripted::endless("data: c\n\n")}};
    diary told;
    CHECK(follow(server, 3, told, 3ms).size() == 3);
    CHECK(told.waits.at(0) == 3ms);
    CHECK(told.waits.at(1) == 1ms); // the caller's own
    CHECK(rill::event_source_options{}.max_retry == 10min);
}

TEST_CASE("a source waits as long as it says") {
    scripted::server server{{scripted::events("retry: 150\ndata: a\n\n"), scripted::endless("data: b\n\n")}};
    rill::http_client client;
    diary told;
    auto options = eager(&told);
    options.max_retry = 1min;
    rill::event_source source{client, server.url(), options};
    auto ended = std::chrono::steady_clock::time_point::max();
    told.failed = [&] { ended = std::chrono::steady_clock::now(); };
    run([&]() -> rill::task<void> { (void)co_await take(source, 2); });
    CHECK(told.waits.at(0) == 150ms);
    CHECK(std::chrono::steady_clock::now() - ended >= 150ms);
}

TEST_CASE("Retry-After is the least wait") {
    scripted::server server{
        {scripted::answer(scripted::response(503, "Connection: close\r\nRetry-After: 1\r\n")),
         scripted::answer(scripted::response(429, "Retry-After: soon\r\n"))}};
    rill::http_client client;
    diary told;
    rill::event_source source{client, server.url(), eager(&told)};
    told.failed = [&] {
        if (told.lines.size() == 1)
            source.restart(); // instead of waiting for it here
        else
            source.close();
    };
    run([&]() -> rill::task<void> { CHECK(co_await source.next() == nullptr); });
    REQUIRE(told.waits.size() == 2);
    CHECK(told.waits[0] == 1000ms);
    CHECK(told.waits[1] <= 2ms);
}

TEST_CASE("each attempt asks for the URL that was given, whatever was moved for good") {
    scripted::server elsewhere{{scripted::events("data: a\n\n"), scripted::endless("data: b\n\n")}};
    scripted::server server{
        scripted::answer(scripted::response(301, "Location: " + elsewhere.url("/new") + "\r\n"))};
    diary told;
    CHECK(follow(server, 2, told) == texts{"message|a|", "message|b|"});
    CHECK(server.requests().size() == 2);
    CHECK(elsewhere.request(1).starts_with("GET /new "));
}
