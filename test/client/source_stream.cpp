// What an event_source asks for, and what it makes of a stream.
#include <rill/sse/error.hpp>

#include "client/asking.hpp"
#include "client/scripted_server.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

using namespace asking;
using scripted::connection;
using scripted::field;

namespace {

texts messages(const scripted::server& server, std::size_t count,
               const rill::event_source_options& options = eager()) {
    rill::http_client client;
    rill::event_source source{client, server.url(), options};
    texts taken;
    run([&]() -> rill::task<void> { taken = co_await take(source, count); });
    return taken;
}

/// The messages of a stream, up to one with the data `last`, which is put behind it.
texts all_of(std::string_view stream) {
    scripted::server server{scripted::endless(std::string{stream} + "\n\nid\nevent\ndata: last\n\n")};
    rill::http_client client;
    rill::event_source source{client, server.url(), eager()};
    texts taken;
    run([&]() -> rill::task<void> {
        for (;;) {
            const auto more = co_await take(source, 1);
            if (more.at(0) == "message|last|") co_return;
            taken.push_back(more[0]);
        }
    });
    return taken;
}

} // namespace

TEST_CASE("a source asks for an event stream that no cache has, and for no id at first") {
    scripted::server server{scripted::endless("data: x\n\n")};
    CHECK(messages(server, 1) == texts{"message|x|"});
    const auto request = server.request(0);
    CHECK(request.starts_with("GET / HTTP/1.1\r\n"));
    CHECK(field(request, "Host") == server.authority());
    CHECK(field(request, "Accept") == "text/event-stream");
    CHECK(field(request, "Cache-Control") == "no-cache");
    CHECK(scripted::count(request, "Last-Event-ID") == 0);
    CHECK(field(request, "Accept-Encoding") == "identity");
}

TEST_CASE("a checkpoint is not shown, and its id is what the source comes back with") {
    scripted::server server{{scripted::events("id: 7\nevent: checkpoint\ndata: {}\n\n"),
                             scripted::events("event: checkpoint\nretry: 1\ndata: {}\n\n"),
                             scripted::endless("data: x\n\n")}};
    CHECK(messages(server, 1) == texts{"message|x|7"});
    CHECK(field(server.request(1), "Last-Event-ID") == "7");
    CHECK(field(server.request(2), "Last-Event-ID") == "7");
}

TEST_CASE("another server's event of the name checkpoint is shown") {
    CHECK(all_of("event: checkpoint\ndata: 17\n\nevent: checkpoint\ndata\n\ndata: {}\n\n") ==
          texts{"checkpoint|17|", "checkpoint||", "message|{}|"});
}

TEST_CASE("a source sends the id that it is given to begin with") {
    scripted::server server{scripted::endless("data: x\n\n")};
    auto options = eager();
    options.last_event_id = "h\xC3\xA9llo 7";
    CHECK(messages(server, 1, options) == texts{"message|x|h\xC3\xA9llo 7"});
    CHECK(field(server.request(0), "Last-Event-ID") == "h\xC3\xA9llo 7");
}

TEST_CASE("a field Last-Event-ID of the request is where a source begins, and is not sent for ever") {
    scripted::server server{
        {scripted::events("data: a\n\nid\ndata: b\n\n"), scripted::endless("data: c\n\n")}};
    rill::http_client client;
    rill::event_source source{client,
                              rill::client_request{rill::method::report, server.url()}
                                  .set("last-event-id", "5")
                                  .set("X-A", "b")
                                  .body("c", "text/plain"),
                              eager()};
    texts taken;
    run([&]() -> rill::task<void> { taken = co_await take(source, 3); });
    CHECK(taken == texts{"message|a|5", "message|b|", "message|c|"});
    CHECK(field(server.request(0), "Last-Event-ID") == "5");
    CHECK(scripted::count(server.request(0), "Last-Event-ID") == 1);
    CHECK(scripted::count(server.request(1), "Last-Event-ID") == 0);
    CHECK(field(server.request(1), "X-A") == "b");
    CHECK(scripted::body(server.request(1)) == "c");
}

TEST_CASE("method, fields and body are sent with each attempt") {
    for (const auto verb : {rill::method::post, rill::method::report}) {
        scripted::server server{{scripted::events("id: 1\ndata: a\n\n"), scripted::endless("data: b\n\n")}};
        rill::http_client client;
        client.set("User-Agent", "test");
        auto options = eager();
        options.retry_post = true;
        rill::event_source source{client,
                                  rill::client_request{verb, server.url("/ask?a=b")}
                                      .set("Authorization", "Bearer x")
                                      .set("Accept", "text/event-stream, */*")
                                      .body("{}", "application/json"),
                                  options};
        texts taken;
        run([&]() -> rill::task<void> { taken = co_await take(source, 2); });
        CHECK(taken == texts{"message|a|1", "message|b|1"});
        for (const std::size_t n : {0, 1}) {
            const auto request = server.request(n);
            CHECK(request.starts_with(std::string{rill::to_string(verb)} + " /ask?a=b HTTP/1.1\r\n"));
            CHECK(field(request, "Content-Type") == "application/json");
            CHECK(field(request, "Authorization") == "Bearer x");
            CHECK(field(request, "User-Agent") == "test");
            CHECK(field(request, "Accept") == "text/event-stream, */*");
            CHECK(scripted::body(request) == "{}");
        }
    }
}

TEST_CASE("an event stream is read whatever the case and the parameters of its type") {
    for (const std::string type : {"text/event-stream;charset=utf-8", "Text/Event-Stream; charset=UTF-8",
                                   "text/event-stream;charset=windows-1252", "text/event-stream;x"}) {
        CAPTURE(type);
        scripted::server server{[&](connection& c) {
            (void)c.request();
            c.send("HTTP/1.1 200 OK\r\ncontent-type: " + type + "\r\n\r\ndata: \xC3\xA9\n\n");
            (void)c.is_left();
        }};
        CHECK(messages(server, 1) == texts{"message|\xC3\xA9|"});
    }
}

// The cases of the web platform's tests (eventsource/), by their names there.
TEST_CASE("fields are parsed as the web platform wants it") {
    using namespace std::string_view_literals;
    CHECK(all_of("data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n "
                 "data:32\n"
                 "data:4\n\n"sv) ==
          texts{std::string{"message|\0\n 2\n1\n3\n\n4|"sv}}); // format-field-parsing
    CHECK(all_of("data:test\n\ndata\ndata\n\ndata:test\n\n") ==
          texts{"message|test|", "message|\n|", "message|test|"});                       // format-field-data
    CHECK(all_of("event:test\ndata:x\n\ndata:x\n\n") == texts{"test|x|", "message|x|"}); // format-field-event
    CHECK(all_of("event: \ndata:data\n\n") == texts{"message|data|"}); // format-field-event-empty
    CHECK(all_of("data: test\n\n\n\ndata:\ttest\rdata: \ndata:test\n\n") ==
          texts{"message|test|", "message|\ttest\n\ntest|"}); // leading space
    CHECK(all_of("data:test\n\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n") ==
          texts{"message|test|", "message|\ntest|"}); // format-field-unknown
    CHECK(all_of("data: ok\nid: 1\xE2\x80\xA6\n\ndata: ok\nid:\n\n") ==
          texts{"message|ok|1\xE2\x80\xA6", "message|ok|"}); // format-field-id
    CHECK(all_of("id: 1\ndata:a\n\nid: 2\0x\ndata:b\n\n"sv) ==
          texts{"message|a|1", "message|b|1"});                                    // id-null
    CHECK(all_of("data: ok\xE2\x80\xA6\n\n") == texts{"message|ok\xE2\x80\xA6|"}); // format-utf-8
    CHECK(all_of("data:ok\xE2\x80\ndata:\xFF\xFE\n\n") ==
          texts{"message|ok\xEF\xBF\xBD\n\xEF\xBF\xBD\xEF\xBF\xBD|"}); // invalid UTF-8
    CHECK(all_of("\xEF\xBB\xBF"
                 "data:1\n\n\xEF\xBB\xBF"
                 "data:2\n\ndata:3\n\n") == texts{"message|1|", "message|3|"}); // format-bom
    CHECK(all_of("\xEF\xBB\xBF\xEF\xBB\xBF"
                 "data:1\n\ndata:2\n\ndata:3\n\n") == texts{"message|2|", "message|3|"}); // format-bom-2
    CHECK(all_of(":" + std::string(2000, 'x') + "\r\ndata:1\r:\n:" + std::string(2000, 'y') +
                 "\ndata:2\n:\n\n") == texts{"message|1\n2|"}); // format-comments
    CHECK(all_of("data:a\rdata:b\r\ndata:c\n\ndata:d\r\rdata:e\r\n\r\n") ==
          texts{"message|a\nb\nc|", "message|d|", "message|e|"}); // format-newlines
}

TEST_CASE("a stream may come in pieces of one byte") {
    constexpr std::string_view stream =
        "\xEF\xBB\xBFid: 1\r\nevent: n\r\ndata: \xF0\x9F\x91\x8B\r\n\r\n: c\r\ndata:2\r\r";
    scripted::server server{[&](connection& c) {
        (void)c.request();
        for (const char byte : scripted::stream("Transfer-Encoding: chunked\r\n")) c.send({&byte, 1});
        for (const char byte : stream)
            for (const char piece : scripted::chunk({&byte, 1})) c.send({&piece, 1});
        (void)c.is_left();
    }};
    diary told;
    CHECK(messages(server, 2, eager(&told)) == texts{"n|\xF0\x9F\x91\x8B|1", "message|2|1"});
    CHECK(told.lines == texts{"open", "#c"});
}

TEST_CASE("comments are told as soon as their line is read, in their order with all else") {
    scripted::gate told_of_it;
    scripted::server server{[&](connection& c) {
        (void)c.request();
        c.send(scripted::stream() + ": one\n");
        told_of_it.wait();
        c.send(":two\n:\ndata: x\n\n: behind\n\ndata: y\n\n");
        (void)c.is_left();
    }};
    diary told;
    told.commented = [&] { told_of_it.open(); };
    CHECK(messages(server, 2, eager(&told)) == texts{"message|x|", "message|y|"});
    CHECK(told.lines == texts{"open", "#one", "#two", "#", "#behind"});
}

TEST_CASE("the state is connecting until the head is there, then open") {
    scripted::server server{scripted::endless("data: x\n\n")};
    rill::http_client client;
    diary told;
    rill::event_source source{client, server.url(), eager(&told)};
    told.opened = [&](const rill::client_response& answer) {
        CHECK(source.state() == rill::source_state::open);
        CHECK(answer.status() == rill::status::ok);
        CHECK(answer.is_event_stream());
        CHECK(answer.url() == server.url());
    };
    CHECK(source.state() == rill::source_state::connecting);
    run([&]() -> rill::task<void> { (void)co_await source.next(); });
    CHECK(source.state() == rill::source_state::open);
    CHECK(told.lines == texts{"open"});
}

TEST_CASE("a line or an event beyond the bounds is the end, not an endless repetition") {
    const auto code_with = [](const rill::decode_limits& events, const std::string& stream) {
        scripted::server server{scripted::endless(stream)};
        rill::client_options options;
        options.events = events;
        rill::http_client client{{}, options};
        diary told;
        rill::event_source source{client, server.url(), eager(&told)};
        const auto code = error_of([&]() -> rill::task<void> { (void)co_await source.next(); });
        CHECK(told.lines == texts{"open", "over"});
        CHECK(told.codes.at(0) == code);
        CHECK(source.state() == rill::source_state::closed);
        CHECK(server.connections() == 1);
        return code;
    };
    CHECK(code_with({.line = 1000}, "data: " + std::string(2000, 'x')) == rill::sse_errc::line_too_long);
    CHECK(code_with({.line = 1000, .event = 1000},
                    "data: " + std::string(900, 'x') + "\ndata: " + std::string(900, 'x') + "\n\n") ==
          rill::sse_errc::event_too_large);
}

TEST_CASE("an event of many megabytes arrives whole") {
    const std::string large(6 << 20, 'x');
    scripted::server server{scripted::endless("data: " + large + "\n\n")};
    CHECK(messages(server, 1) == texts{"message|" + large + "|"});
}

TEST_CASE("a source may be moved between calls") {
    scripted::server server{scripted::endless("data: a\n\ndata: b\n\n")};
    rill::http_client client;
    run([&]() -> rill::task<void> {
        rill::event_source first{client, server.url(), eager()};
        (void)co_await first.next();
        rill::event_source second{std::move(first)};
        const auto* const message = co_await second.next();
        CHECK(message->data == "b");
    });
}

TEST_CASE("the client may go before the source") {
    scripted::server server{scripted::endless("data: a\n\n")};
    auto client = std::make_unique<rill::http_client>();
    rill::event_source source{*client, server.url(), eager()};
    client.reset();
    texts taken;
    run([&]() -> rill::task<void> { taken = co_await take(source, 1); });
    CHECK(taken == texts{"message|a|"});
}
