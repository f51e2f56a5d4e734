// Bodies, cut in every way, and answers that are none.
#include <rill/client/error.hpp>
#include <rill/sse/error.hpp>

#include "client/asking.hpp"
#include "client/scripted_server.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

using namespace asking;
using rill::client_errc;
using rill::client_request;
using rill::method;
using scripted::connection;
using scripted::field;
using scripted::response;

namespace {

std::string chunked(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" +
           std::string{body};
}

/// Sends this, and then nothing more.
scripted::server::script only(std::string bytes) {
    return [bytes = std::move(bytes)](connection& c) {
        (void)c.request();
        c.send(bytes);
        c.finish();
    };
}

std::error_code failure_with(const std::string& bytes, const rill::client_options& options = {}) {
    scripted::server server{only(bytes)};
    return failure_of(server.url(), options);
}

} // namespace

TEST_CASE("a chunked answer is the same at every split") {
    const auto whole_answer =
        chunked("5;ext=\"1\"\r\ndata:\r\n4\r\n x\n\n\r\n0009\r\nid: 7\n\nda\r\n6\r\nta:y\n\n\r\n"
                "0\r\nTrailer: x\r\n\r\n");
    scripted::server server{[&](connection& c) {
        for (std::size_t at = 0; at <= whole_answer.size(); ++at) {
            if (c.request().empty()) return;
            c.send(whole_answer.substr(0, at));
            // The second request has come when the client has read the first half, more or less.
            c.send(whole_answer.substr(at));
        }
        (void)c.is_left();
    }};
    rill::http_client client;
    run([&]() -> rill::task<void> {
        for (std::size_t at = 0; at <= whole_answer.size(); ++at) {
            CAPTURE(at);
            auto answer = co_await client.get(server.url());
            std::string all;
            for (;;) {
                const auto* const message = co_await answer.next();
                if (message == nullptr) break;
                all += message->data + "|" + message->last_event_id + "\n";
            }
            CHECK(all == "x|\ny|7\n");
        }
    });
    CHECK(server.connections() == 1);
}

TEST_CASE("an answer may come in a million chunks") {
    for (const auto* const chunk : {"1\r\nx\r\n", "1 ;a=b \r\nx\r\n"}) {
        std::string whole_answer = chunked("");
        for (int n = 0; n < 1'000'000; ++n) whole_answer += chunk;
        scripted::server server{only(whole_answer + "0\r\n\r\n")};
        CHECK(get(server.url()).body.size() == 1'000'000);
    }
}

TEST_CASE("a stream of a hundred thousand chunks is one stream") {
    constexpr std::size_t count = 100'000;
    std::string whole_answer = chunked("");
    for (std::size_t n = 0; n < count; ++n) whole_answer += scripted::chunk(fmt::format("data: {}\n\n", n));
    scripted::server server{only(whole_answer + "0\r\n\r\n")};
    rill::http_client client;
    rill::event_source source{client, server.url(), eager()};
    run([&]() -> rill::task<void> {
        for (std::size_t n = 0; n < count; ++n) {
            const auto* const message = co_await source.next();
            REQUIRE(message != nullptr);
            REQUIRE(message->data == std::to_string(n));
        }
    });
    CHECK(server.connections() == 1);
}

TEST_CASE("an answer may come byte by byte") {
    const auto whole_answer = chunked("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n");
    scripted::server server{[&](connection& c) {
        (void)c.request();
        for (const char byte : whole_answer) c.send({&byte, 1});
        (void)c.is_left();
    }};
    CHECK(get(server.url()).body == "abc0123456789");
}

TEST_CASE("a body without a length ends with the connection") {
    scripted::server server{only("HTTP/1.1 200 OK\r\n\r\nall of it")};
    CHECK(get(server.url()).body == "all of it");
    scripted::server old{only("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nall of it")};
    CHECK(get(old.url()).body == "all of it");
}

TEST_CASE("a body that is cut off is an error, not a short body") {
    CHECK(failure_with("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive!") == client_errc::truncated);
    CHECK(failure_with("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n") == client_errc::truncated);
    for (const auto* const body : {"", "5", "5\r\n", "5\r\nabc", "5\r\nabcde", "5\r\nabcde\r\n",
                                   "5\r\nabcde\r\n0", "5\r\nabcde\r\n0\r\n", "5\r\nabcde\r\n0\r\nX: y\r\n"}) {
        CAPTURE(body);
        CHECK(failure_with(chunked(body)) == client_errc::truncated);
    }
}

TEST_CASE("a head that is cut off is an error") {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for (std::size_t size = 0; size < head.size(); size += 3) {
        CAPTURE(size);
        CHECK(failure_with(head.substr(0, size)) != std::error_code{});
    }
}

TEST_CASE("what is no answer, or could be read in two ways, is refused") {
    for (const std::string bytes : {
             "hello\r\n\r\n",
             "SSH-2.0-OpenSSH_9\r\n",
             "HTTP/2 200 OK\r\n\r\n",
             "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
             "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
             "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello",
             "HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nabcd\r\n0\r\n\r\n",
         }) {
        CAPTURE(bytes);
        CHECK(failure_with(bytes) == client_errc::malformed_response);
    }
}

TEST_CASE("a head is bounded in bytes and in fields") {
    rill::client_options options;
    options.max_head = 4096;
    options.max_fields = 10;
    CHECK(failure_with(response(200, "X: " + std::string(5000, 'x') + "\r\n"), options) ==
          client_errc::head_too_large);
    std::string many;
    for (int n = 0; n < 20; ++n) many += "X: y\r\n";
    CHECK(failure_with(response(200, many), options) == client_errc::head_too_large);
    CHECK(failure_with(response(200, "X: " + std::string(3000, 'x') + "\r\n"), options) == std::error_code{});
}

TEST_CASE("a head without end is not read for ever") {
    scripted::server server{[](connection& c) {
        (void)c.request();
        try {
            c.send("HTTP/1.1 200 OK\r\n");
            for (;;) c.send("X: " + std::string(1000, 'x') + "\r\n");
        } catch (const std::system_error&) {
        } // it has left
    }};
    CHECK(failure_of(server.url()) == client_errc::head_too_large);
}

TEST_CASE("a body that is read as a whole is bounded, and one in pieces is not") {
    rill::client_options options;
    options.max_body = 1000;
    CHECK(failure_with(response(200, "", std::string(1000, 'x')), options) == std::error_code{});
    CHECK(failure_with(response(200, "", std::string(1001, 'x')), options) == client_errc::body_too_large);
    CHECK(failure_with(chunked(scripted::chunk(std::string(600, 'x')) +
                               scripted::chunk(std::string(600, 'x')) + "0\r\n\r\n"),
                       options) == client_errc::body_too_large);
    CHECK(failure_with("HTTP/1.1 200 OK\r\n\r\n" + std::string(5000, 'x'), options) ==
          client_errc::body_too_large);

    scripted::server server{only(response(200, "", std::string(100'000, 'x')))};
    rill::http_client client{{}, options};
    std::size_t size = 0;
    run([&]() -> rill::task<void> {
        auto answer = co_await client.get(server.url());
        for (;;) {
            const auto piece = co_await answer.read();
            if (piece.empty()) break;
            size += piece.size();
        }
        const auto behind = co_await answer.read();
        CHECK(behind.empty());
    });
    CHECK(size == 100'000);
}

TEST_CASE("a coding that was not offered is refused, identity is none") {
    for (const auto* const coding : {"gzip", "br", "deflate", "x-gzip", "zstd", "compress", "GZip",
                                     "gzip, identity", "none, gzip", "identity\r\nContent-Encoding: br"}) {
        CAPTURE(coding);
        const auto fields = std::string{"Content-Encoding: "} + coding + "\r\n";
        CHECK(failure_with(response(200, fields, "\x1F\x8B")) == client_errc::unknown_coding);
    }
    try {
        scripted::server server{only(response(200, "Content-Encoding: x, zstd\r\n", "x"))};
        (void)get(server.url());
        FAIL("it was taken");
    } catch (const rill::error& refused) {
        CHECK(std::string{refused.what()}.find(": zstd: ") != std::string::npos);
    }
    CHECK(failure_with(response(200, "Transfer-Encoding: gzip\r\n", "x")) != std::error_code{});
}

TEST_CASE("what is no known coding is read as it is, as browsers do") {
    for (const auto* const coding : {"identity", "none", "UTF-8", "utf8", "chunked", "", ",", "aws-chunked",
                                     "x", "gzipped", "gzip;q=1", "none, UTF-8"}) {
        CAPTURE(coding);
        const auto fields = std::string{"Content-Encoding: "} + coding + "\r\n";
        scripted::server server{scripted::answer(response(200, fields, "x"))};
        CHECK(get(server.url()).body == "x");
        scripted::server stream{scripted::endless("data: a\n\n", fields)};
        rill::http_client client;
        rill::event_source source{client, stream.url(), eager()};
        texts taken;
        run([&]() -> rill::task<void> { taken = co_await take(source, 1); });
        CHECK(taken == texts{"message|a|"});
    }
}

TEST_CASE("a coding that was asked for is given as it came, but no event stream is read in it") {
    const auto fields = "Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\n";
    scripted::server server{scripted::answer(response(200, fields, "\x1F\x8B"))};
    rill::http_client client;
    for (const auto* const wanted : {"gzip", "br, GZIP;q=0.5", "*"}) {
        CAPTURE(wanted);
        const auto request = client_request{method::get, server.url()}.set("Accept-Encoding", wanted);
        CHECK(ask(client, request).body == "\x1F\x8B");
        CHECK(error_of([&]() -> rill::task<void> {
                  auto answer = co_await client.send(request);
                  (void)co_await answer.next();
              }) == client_errc::unknown_coding);
        diary told;
        rill::event_source source{client, request, eager(&told)};
        CHECK(error_of([&]() -> rill::task<void> { (void)co_await source.next(); }) ==
              client_errc::unknown_coding);
        CHECK(told.lines == texts{"over"});
    }
    const auto request = client_request{method::get, server.url()}.set("Accept-Encoding", "br, identity");
    CHECK(error_of([&]() -> rill::task<void> { (void)co_await whole(client, request); }) ==
          client_errc::unknown_coding);
    rill::http_client other{server.url()};
    other.set("Accept-Encoding", "gzip");
    CHECK(ask(other, client_request{method::get, "/"}).body == "\x1F\x8B");
    CHECK(field(server.requests().back(), "Accept-Encoding") == "gzip");
}

TEST_CASE("a POST that is answered with another 2xx than 200 may be an event stream, a GET may not") {
    for (const unsigned status : {200, 201, 202, 203, 206, 226, 299, 300}) {
        CAPTURE(status);
        scripted::server server{
            scripted::answer(response(status, "Content-Type: text/event-stream\r\n", "data: a\n\n"))};
        rill::http_client client;
        for (const auto verb : {method::post, method::get, method::put}) {
            const bool is_one = status == 200 || (verb == method::post && status < 300);
            std::string data;
            const auto code = error_of([&]() -> rill::task<void> {
                auto answer = co_await client.send(client_request{verb, server.url()});
                CHECK(answer.is_event_stream() == is_one);
                data = (co_await answer.next())->data;
            });
            CHECK(code == (is_one ? std::error_code{} : client_errc::bad_status));
            CHECK(data == (is_one ? "a" : ""));
        }
    }
}

TEST_CASE("a checkpoint of a stream that is asked for once is not shown, and its id is kept") {
    scripted::server server{scripted::answer(
        response(200, "Content-Type: text/event-stream\r\n",
                 "id: 7\nevent: checkpoint\ndata: {}\n\ndata: a\n\nevent: checkpoint\ndata: 17\n\n"))};
    rill::http_client client;
    texts all;
    CHECK(error_of([&]() -> rill::task<void> {
              auto answer = co_await client.send(client_request{method::get, server.url()});
              while (const auto* m = co_await answer.next())
                  all.push_back(m->type + '|' + m->data + '|' + m->last_event_id);
          }) == std::error_code{});
    CHECK(all == texts{"message|a|7", "checkpoint|17|7"});
}

TEST_CASE("a stream that is asked for once ends at its end") {
    scripted::server server{[](connection& c) {
        (void)c.request();
        c.send(chunked(scripted::chunk("data: a\n\ndata: b\nid: 1\n\n") +
                       scripted::chunk("data: [DONE]\n\ndata: cut\n") + "0\r\n\r\n"));
        (void)c.is_left();
    }};
    rill::http_client client;
    texts all;
    run([&]() -> rill::task<void> {
        auto answer = co_await client.post(server.url(), "{}");
        CHECK(answer.is_event_stream());
        for (;;) {
            const auto* const message = co_await answer.next();
            if (message == nullptr) break;
            all.push_back(message->data);
        }
        const auto* const behind = co_await answer.next();
        CHECK(behind == nullptr);
    });
    CHECK(all == texts{"a", "b", "[DONE]"});
    CHECK(field(server.request(0), "Content-Type") == "application/json");
}

TEST_CASE("a stream that is asked for once and breaks is an error") {
    const auto code_of = [](const std::string& bytes, const rill::client_options& options = {}) {
        scripted::server server{only(bytes)};
        rill::http_client client{{}, options};
        return error_of([&]() -> rill::task<void> {
            auto answer = co_await client.get(server.url());
            for (;;) {
                const auto* const message = co_await answer.next();
                if (message == nullptr) break;
            }
        });
    };
    CHECK(code_of(chunked("9\r\ndata: a\n\n")) == client_errc::truncated);
    CHECK(code_of(response(200, "Content-Type: application/json\r\n", "{}")) ==
          client_errc::wrong_media_type);
    CHECK(code_of(response(500, "Content-Type: text/event-stream\r\n", "data: a\n\n")) ==
          client_errc::bad_status);
    CHECK(code_of("HTTP/1.1 204 No Content\r\n\r\n") == client_errc::bad_status);
    rill::client_options small;
    small.events = {.line = 100, .event = 100};
    CHECK(code_of(chunked(scripted::chunk("data: " + std::string(200, 'x') + "\n\n")), small).category() ==
          std::error_code{rill::sse_errc::line_too_long}.category());
}

TEST_CASE("what an answer is does not depend on the case of its type") {
    for (const auto* const type : {"text/event-stream", "TEXT/EVENT-STREAM",
                                   "text/event-stream; charset=utf-8", "text/event-stream ;x=y"}) {
        scripted::server server{only(response(200, std::string{"Content-Type: "} + type + "\r\n"))};
        rill::http_client client;
        run([&]() -> rill::task<void> {
            auto answer = co_await client.get(server.url());
            CHECK(answer.is_event_stream());
        });
    }
    for (const auto* const type : {"text/plain", "text/event-streams", "x; text/event-stream"}) {
        scripted::server server{only(response(200, std::string{"Content-Type: "} + type + "\r\n"))};
        rill::http_client client;
        run([&]() -> rill::task<void> {
            auto answer = co_await client.get(server.url());
            CHECK(!answer.is_event_stream());
        });
    }
}
