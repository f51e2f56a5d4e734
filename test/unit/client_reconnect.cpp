#include <rill/client/detail/reconnect.hpp>
#include <rill/client/error.hpp>
#include <rill/http/error.hpp>
#include <rill/sse/decode.hpp>
#include <rill/sse/error.hpp>

#include <asio/error.hpp>
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <random>
#include <string_view>
#include <system_error>

using namespace std::chrono_literals;
using rill::client_errc;
using rill::detail::reconnect;
using step = reconnect::step;

namespace {

constexpr auto greatest = std::numeric_limits<std::uint64_t>::max();

reconnect::answer head(unsigned status, std::string_view type = "text/event-stream",
                       std::string_view retry_after = {}) {
    return {.status = static_cast<rill::status>(status),
            .content_type = type,
            .retry_after = retry_after,
            .now = 784111777}; // Sun, 06 Nov 1994 08:49:37 GMT
}

reconnect usual() {
    return {3s, 10min, true};
}

/// The longest wait after the next failure, over many draws; the machine is copied, so that each is the same.
std::chrono::milliseconds longest_wait(const reconnect& machine) {
    std::mt19937_64 random{1};
    auto longest = 0ms;
    for (int draw = 0; draw < 2000; ++draw) {
        auto copy = machine;
        longest = std::max(longest, copy.on_failure(client_errc::truncated, random()).wait);
    }
    return longest;
}

std::chrono::milliseconds shortest_wait(const reconnect& machine) {
    std::mt19937_64 random{1};
    auto shortest = std::chrono::milliseconds::max();
    for (int draw = 0; draw < 2000; ++draw) {
        auto copy = machine;
        shortest = std::min(shortest, copy.on_failure(client_errc::truncated, random()).wait);
    }
    return shortest;
}

void fail(reconnect& machine, int times) {
    for (int n = 0; n < times; ++n) (void)machine.on_failure(client_errc::connect_timeout, 0);
}

} // namespace

TEST_CASE("200 with text/event-stream opens, whatever the case and the parameters") {
    for (const std::string_view type : {
             "text/event-stream",
             "text/event-stream;charset=utf-8",
             "text/event-stream; charset=UTF-8",
             "text/event-stream ;charset=windows-1252",
             "text/event-stream;",
             "TEXT/Event-Stream",
             " text/event-stream ",
             "text/event-stream; a=b; c=\"d;e\"",
         }) {
        CAPTURE(type);
        auto machine = usual();
        const auto verdict = machine.on_response(head(200, type), 0);
        CHECK(verdict.what == step::open);
        CHECK(!verdict.why);
    }
}

TEST_CASE("another media type is the end") {
    for (const std::string_view type : {
             "",
             "text/plain",
             "text/event-streams",
             "text/event-strea",
             "text/event-stream, text/plain",
             "text/plain; type=text/event-stream",
             "application/json",
             "text/ event-stream",
             "text/x bogus",
             ";text/event-stream",
         }) {
        CAPTURE(type);
        auto machine = usual();
        const auto verdict = machine.on_response(head(200, type), 0);
        CHECK(verdict.what == step::give_up);
        CHECK(verdict.why == client_errc::wrong_media_type);
    }
}

TEST_CASE("every other status but 5xx and 429 is the end") {
    for (const unsigned status :
         {100, 201, 202, 203, 204, 205, 206, 226, 300, 301, 302, 304, 307, 308, 400,
          401, 402, 403, 404, 405, 407, 408, 410, 418, 428, 430, 451, 499, 600, 999}) {
        CAPTURE(status);
        auto machine = usual();
        const auto verdict = machine.on_response(head(status), 0);
        CHECK(verdict.what == step::give_up);
        CHECK(verdict.why == client_errc::bad_status);
    }
}

TEST_CASE("2xx open the stream of a POST only") {
    for (const unsigned status : {200, 201, 202, 203, 206, 226}) {
        auto answer = head(status);
        answer.verb = rill::method::post;
        CHECK(usual().on_response(answer, 0).what == step::open);
        answer.content_type = "application/json";
        CHECK(usual().on_response(answer, 0).why == client_errc::wrong_media_type);
    }
    for (const unsigned status : {199, 204, 205, 300, 301}) {
        auto answer = head(status);
        answer.verb = rill::method::post;
        CHECK(usual().on_response(answer, 0).why == client_errc::bad_status);
    }
    auto answer = head(201);
    answer.verb = rill::method::put;
    CHECK(usual().on_response(answer, 0).why == client_errc::bad_status);
}

TEST_CASE("5xx and 429 are tried again") {
    for (const unsigned status : {429, 500, 501, 502, 503, 504, 511, 599}) {
        CAPTURE(status);
        auto machine = usual();
        const auto verdict = machine.on_response(head(status, "text/html"), 0);
        CHECK(verdict.what == step::wait);
        CHECK(verdict.wait == 3s);
        CHECK(verdict.why == client_errc::bad_status);
    }
}

TEST_CASE("5xx and 429 are the end where that is wanted") {
    for (const unsigned status : {429, 500, 503}) {
        reconnect machine{3s, 60s, false};
        const auto verdict = machine.on_response(head(status, "text/html", "1"), 0);
        CHECK(verdict.what == step::give_up);
        CHECK(verdict.why == client_errc::bad_status);
    }
}

TEST_CASE("Retry-After is the least wait after 5xx and 429") {
    auto machine = usual();
    CHECK(machine.on_response(head(503, "", "10"), 0).wait == 10s);
    CHECK(machine.on_response(head(429, "", "Sun, 06 Nov 1994 08:51:37 GMT"), 0).wait == 120s);
    CHECK(machine.on_response(head(503, "", "86400"), 0).wait == 1h);
    SUBCASE("a shorter one changes nothing") {
        auto other = usual();
        CHECK(other.on_response(head(503, "", "1"), greatest).wait == 3s);
    }
    SUBCASE("nor does one that cannot be read") {
        auto other = usual();
        CHECK(other.on_response(head(503, "", "soon"), 0).wait == 3s);
    }
    SUBCASE("and it is over with the next attempt") {
        CHECK(machine.on_failure(client_errc::truncated, 0).wait == 3s);
    }
}

TEST_CASE("what time does not change is the end") {
    const auto gives_up = [](std::error_code why) {
        auto machine = usual();
        const auto verdict = machine.on_failure(why, 0);
        CHECK(verdict.why == why);
        return verdict.what == step::give_up;
    };
    for (const auto why :
         {client_errc::invalid_url, client_errc::certificate_refused, client_errc::tls_unavailable,
          client_errc::invalid_certificate, client_errc::invalid_redirect, client_errc::too_many_redirects,
          client_errc::unknown_coding, client_errc::bad_status, client_errc::wrong_media_type,
          client_errc::proxy_not_usable}) {
        CAPTURE(make_error_code(why).message());
        CHECK(gives_up(why));
    }
    CHECK(gives_up(rill::sse_errc::line_too_long));
    CHECK(gives_up(rill::sse_errc::event_too_large));
    CHECK(gives_up(rill::http_errc::invalid_field_value));
}

TEST_CASE("errors of the network, of TLS, of proxies and of parsing are tried again") {
    const auto tries_again = [](std::error_code why) {
        auto machine = usual();
        const auto verdict = machine.on_failure(why, 0);
        CHECK(verdict.why == why);
        CHECK(verdict.wait == 3s);
        return verdict.what == step::wait;
    };
    for (const auto why :
         {client_errc::resolve_timeout, client_errc::connect_timeout, client_errc::tls_timeout,
          client_errc::tls_failed, client_errc::proxy_refused, client_errc::first_byte_timeout,
          client_errc::idle_timeout, client_errc::malformed_response, client_errc::head_too_large,
          client_errc::truncated}) {
        CAPTURE(make_error_code(why).message());
        CHECK(tries_again(why));
    }
    CHECK(tries_again(asio::error::connection_refused));
    CHECK(tries_again(asio::error::connection_reset));
    CHECK(tries_again(asio::error::host_unreachable));
    CHECK(tries_again(asio::error::host_not_found));
    CHECK(tries_again(std::make_error_code(std::errc::too_many_files_open)));
}

TEST_CASE("the proper end of a stream brings it back after the retry time") {
    auto machine = usual();
    (void)machine.on_response(head(200), 0);
    machine.on_message();
    const auto verdict = machine.on_end(greatest);
    CHECK(verdict.what == step::wait);
    CHECK(verdict.wait == 3s);
    CHECK(verdict.why == asio::error::eof);
}

TEST_CASE("the first wait is the retry time, whatever the chance") {
    for (const auto random : {std::uint64_t{0}, std::uint64_t{12345}, greatest}) {
        auto machine = usual();
        CHECK(machine.on_failure(asio::error::connection_refused, random).wait == 3s);
    }
}

TEST_CASE("the bound of the wait doubles with each failure, up to the greatest") {
    auto machine = usual();
    for (const std::chrono::milliseconds bound : {3s, 6s, 12s, 24s, 48s, 60s, 60s, 60s}) {
        CAPTURE(bound.count());
        CHECK(shortest_wait(machine) >= 3s);
        CHECK(longest_wait(machine) <= bound);
        CHECK(longest_wait(machine) >= bound * 19 / 20);
        CHECK(shortest_wait(machine) <= 3s + (bound - 3s) / 20);
        fail(machine, 1);
    }
}

TEST_CASE("the waits are drawn evenly from first to last millisecond") {
    for (std::uint64_t random = 0; random < 8; ++random) {
        reconnect machine{1000ms, 1003ms, true};
        fail(machine, 3);
        CHECK(machine.on_failure(client_errc::truncated, random).wait == 1000ms + random % 4 * 1ms);
    }
}

TEST_CASE("a thousand failures do not make the wait overflow") {
    for (const auto retry : {0ms, 1ms, 3000ms, rill::decoder::max_retry}) {
        reconnect machine{retry, rill::decoder::max_retry, true};
        for (int n = 0; n < 1000; ++n) {
            const auto wait =
                machine.on_failure(client_errc::truncated, greatest - static_cast<unsigned>(n)).wait;
            CHECK(wait >= retry);
            CHECK(wait <= rill::decoder::max_retry);
        }
    }
}

TEST_CASE("a message brings the wait back, and an open stream without one does not") {
    auto machine = usual();
    fail(machine, 4);
    (void)machine.on_response(head(200), 0);
    CHECK(longest_wait(machine) > 40s);
    machine.on_message();
    CHECK(longest_wait(machine) == 3s);
    CHECK(shortest_wait(machine) == 3s);
}

TEST_CASE("streams that end without a message are failures in a row") {
    auto machine = usual();
    for (const auto bound : {3s, 6s, 12s}) {
        (void)machine.on_response(head(200), 0);
        CHECK(longest_wait(machine) <= bound);
        CHECK(longest_wait(machine) >= bound * 19 / 20);
        (void)machine.on_end(0);
    }
}

TEST_CASE("a server that says retry is obeyed, and the waits grow from there") {
    auto machine = usual();
    machine.on_retry(500ms);
    CHECK(machine.on_failure(client_errc::truncated, greatest).wait == 500ms);
    CHECK(longest_wait(machine) <= 1s);
    CHECK(longest_wait(machine) > 900ms);
    CHECK(shortest_wait(machine) >= 500ms);
}

TEST_CASE("a server's retry time counts up to the greatest, and waits do not grow beyond it") {
    auto machine = usual();
    machine.on_retry(5min);
    fail(machine, 10);
    CHECK(shortest_wait(machine) == 5min);
    CHECK(longest_wait(machine) == 5min);
    for (const std::chrono::milliseconds far :
         {std::chrono::milliseconds{10min + 1ms}, std::chrono::milliseconds{2'000'000'000},
          rill::decoder::max_retry, std::chrono::milliseconds::max()}) {
        machine.on_retry(far);
        CHECK(shortest_wait(machine) == 10min);
        CHECK(longest_wait(machine) == 10min);
    }
    reconnect patient{1h, 10min, true};
    CHECK(patient.on_end(0).wait == 1h); // what the caller says is not bounded
    patient.on_retry(2h);
    CHECK(patient.on_end(0).wait == 10min);
    reconnect hasty{1ms, 2ms, true};
    hasty.on_retry(3s);
    fail(hasty, 10);
    CHECK(longest_wait(hasty) == 2ms);
}

TEST_CASE("a retry time of zero is no busy loop, also where each stream has a message") {
    auto machine = usual();
    machine.on_retry(0ms);
    for (int n = 0; n < 10; ++n) {
        machine.on_message();
        CHECK(machine.on_end(greatest).wait == 100ms);
    }
    CHECK(longest_wait(machine) > 180ms);
    CHECK(longest_wait(machine) <= 200ms);
    fail(machine, 1);
    CHECK(longest_wait(machine) > 380ms);

    reconnect hasty{1ms, 10min, true}; // as its caller wants it
    hasty.on_retry(0ms);
    CHECK(hasty.on_end(0).wait == 1ms);
    hasty.on_retry(10ms);
    CHECK(hasty.on_end(0).wait <= 100ms);
}

TEST_CASE("times that make no sense are brought into their bounds") {
    reconnect backwards{-1s, -5s, true};
    CHECK(backwards.on_failure(client_errc::truncated, greatest).wait == 0ms);
    CHECK(backwards.on_failure(client_errc::truncated, greatest).wait == 0ms);

    reconnect endless{std::chrono::milliseconds::max(), std::chrono::milliseconds::max(), true};
    CHECK(endless.on_failure(client_errc::truncated, greatest).wait == rill::decoder::max_retry);
    CHECK(endless.on_failure(client_errc::truncated, greatest).wait == rill::decoder::max_retry);

    auto machine = usual();
    machine.on_retry(-1ms);
    CHECK(machine.on_failure(client_errc::truncated, greatest).wait == 100ms);
}
