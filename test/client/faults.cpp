// Servers that leave, or are left, behind each byte of what they send.
#include <rill/client/error.hpp>

#include "client/asking.hpp"
#include "client/scripted_server.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/error.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

using namespace asking;
using rill::client_errc;
using rill::client_request;
using rill::method;
using scripted::connection;

namespace {

enum class way { whole, bytes, fin, rst };

/// The first connection gets the first `sent` bytes of its answer, and is ended; what follows it is whole.
struct cut_answer {
    scripted::server::script script() {
        return [this](connection& c) {
            const bool first = connections++ == 0;
            while (!c.request().empty()) {
                if (!first || how == way::whole)
                    c.send(answer);
                else if (how == way::bytes)
                    static_cast<void>(c.trickle(answer, 0ms));
                else
                    return leave(c);
            }
        };
    }

    void leave(connection& c) const {
        c.send(std::string_view{answer}.substr(0, sent));
        if (how == way::fin) return c.finish();
        c.reset();
    }

    std::string answer;
    way how = way::whole;
    std::size_t sent = 0;
    std::atomic<int> connections{0};
};

/// What a request comes to: the body, or nothing if it has failed as it may.
std::optional<std::string> outcome_of(const std::string& url) {
    try {
        return get(url).body;
    } catch (const rill::error& e) {
        const bool documented = e.code().category() == make_error_code(client_errc::truncated).category() ||
                                e.code() == std::errc::connection_reset || e.code() == std::errc::broken_pipe;
        CHECK_MESSAGE(documented, e.what());
        return std::nullopt;
    }
}

struct answered {
    const char* name;
    std::string answer, body;
};

std::vector<answered> answers() {
    return {
        {"with a length", scripted::response(200, "X-Field: value\r\n", "the body"), "the body"},
        {"in chunks",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + scripted::chunk("the ") +
             scripted::chunk("body") + "0\r\nX-Trailer: value\r\n\r\n",
         "the body"},
        {"after an interim response",
         "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + scripted::response(200, "", "the body"),
         "the body"},
        {"with no body", "HTTP/1.1 204 No Content\r\n\r\n", ""},
    };
}

} // namespace

TEST_CASE("an answer that is cut behind any byte is the right one or a failure, byte by byte it is right") {
    for (const auto& what : answers()) {
        CAPTURE(std::string{what.name});
        for (const auto how : {way::whole, way::bytes, way::fin, way::rst})
            for (std::size_t sent = 0; sent <= what.answer.size(); ++sent) {
                CAPTURE(sent);
                cut_answer cut{.answer = what.answer, .how = how, .sent = sent};
                scripted::server server{cut.script()};
                const auto got = outcome_of(server.url());
                if (got) CHECK(*got == what.body);
                if (how == way::whole || how == way::bytes) {
                    CHECK(got.has_value());
                    break; // it is not cut
                }
                if (sent < what.answer.size()) CHECK_FALSE(got.has_value());
            }
    }
}

TEST_CASE("a redirect that is cut behind any byte leads to its target or is a failure") {
    scripted::server target{scripted::answer(scripted::response(200, "", "the target"))};
    const auto redirect = scripted::response(302, "Location: " + target.url() + "\r\n", "gone");
    for (const auto how : {way::bytes, way::fin, way::rst})
        for (std::size_t sent = 0; sent <= redirect.size(); ++sent) {
            CAPTURE(sent);
            cut_answer cut{.answer = redirect, .how = how, .sent = sent};
            scripted::server server{cut.script()};
            const auto got = outcome_of(server.url());
            if (got) CHECK(*got == "the target");
            if (how == way::bytes) {
                CHECK(got.has_value());
                break;
            }
        }
}

TEST_CASE("an event stream that is cut behind any byte is opened again, and gives whole events only") {
    const auto stream = scripted::stream() + "id: 1\ndata: one\n\nid: 2\ndata: two\n\nid: 3\ndata: three\n\n";
    const texts all{"message|one|1", "message|two|2", "message|three|3"};
    for (const auto how : {way::bytes, way::fin, way::rst})
        for (std::size_t sent = 0; sent <= stream.size(); ++sent) {
            CAPTURE(sent);
            cut_answer cut{.answer = stream, .how = how, .sent = sent};
            scripted::server server{cut.script()};
            rill::http_client client;
            rill::event_source source{client, server.url(), eager()};
            texts got;
            run([&]() -> rill::task<void> {
                while (got.empty() || got.back() != all.back()) {
                    const auto next = co_await take(source, 1);
                    if (next.empty()) break;
                    got.push_back(next.front());
                }
            });
            // The server begins anew each time: some events twice, none in part, none left out.
            REQUIRE(got.size() >= all.size());
            CHECK(texts(got.end() - 3, got.end()) == all);
            CHECK(texts(got.begin(), got.end() - 3) ==
                  texts(all.begin(), all.begin() + (static_cast<std::ptrdiff_t>(got.size()) - 3)));
            if (how == way::bytes) break;
        }
}

TEST_CASE("whoever awaits an answer may be cancelled behind any byte of it") {
    for (const auto& what : answers()) {
        CAPTURE(std::string{what.name});
        for (std::size_t sent = 0; sent <= what.answer.size(); ++sent) {
            CAPTURE(sent);
            auto& context = *loop();
            asio::cancellation_signal cancel;
            bool stopped = false;
            const auto stop = [&] {
                stopped = true;
                cancel.emit(asio::cancellation_type::terminal);
            };
            scripted::server server{[&](connection& c) {
                if (c.request().empty()) return;
                c.send(std::string_view{what.answer}.substr(0, sent));
                asio::post(context, stop);
                if (!c.is_left()) throw std::runtime_error{"the client does not leave"};
            }};
            std::optional<std::exception_ptr> failure;
            std::string got;
            {
                rill::http_client client;
                const auto work = [&]() -> rill::task<void> {
                    got = (co_await whole(client, client_request{method::get, server.url()})).body;
                };
                asio::co_spawn(context, work(),
                               asio::bind_cancellation_slot(
                                   cancel.slot(), [&](const std::exception_ptr& e) { failure = e; }));
                const auto stop_is_to_come = asio::make_work_guard(context);
                context.restart();
                const auto deadline = std::chrono::steady_clock::now() + scripted::patience;
                while (!(failure && stopped) && context.run_one_until(deadline) > 0) {
                }
                REQUIRE_MESSAGE(failure.has_value(), "the client hangs");
                REQUIRE(stopped);
            }
            if (!*failure) {
                CHECK(got == what.body);
                continue;
            }
            try {
                std::rethrow_exception(*failure);
            } catch (const std::system_error& e) {
                CHECK(e.code() == asio::error::operation_aborted);
            }
        }
    }
}
