// Whoever awaits something of a client is cancelled behind each byte of what is sent, and wherever it may
// wait.
#include "client/asking.hpp"
#include "client/cancelling.hpp"
#include "client/cutting.hpp"
#include "client/scripted_server.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace cancelling;
using namespace cutting;
using rill::client_request;
using rill::method;

namespace {

/// The answers that are given on a connection one after the other, cut behind so many bytes of them all.
struct answers_in_part {
    /// Plays them, and has `whom` cancelled behind the last byte. On other connections all is answered.
    scripted::server::script script(cancellable& whom) {
        return [this, &whom](connection& c) {
            const bool first = connections++ == 0;
            auto left = first ? sent : std::string::npos;
            for (auto request = c.request(); !request.empty(); request = c.request()) {
                const auto& answer = request.starts_with("GET /there ") ? answers.back() : answers.front();
                c.send(std::string_view{answer}.substr(0, left));
                if (first && left <= answer.size()) return whom.cancel(c);
                left -= first ? answer.size() : 0;
            }
        };
    }
    [[nodiscard]] std::size_t size() const {
        std::size_t all = 0;
        for (const auto& answer : answers) all += answer.size();
        return all;
    }

    std::vector<std::string> answers;
    std::size_t sent = 0;
    std::atomic<int> connections{0};
};

std::vector<std::vector<std::string>> exchanges() {
    const auto body = scripted::response(200, "X-Field: value\r\n", "the body");
    return {
        {body},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + scripted::chunk("the ") +
         scripted::chunk("body") + "0\r\nX-Trailer: value\r\n\r\n"},
        {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + body},
        {scripted::response(302, "Location: /there\r\n", "gone"), body},
    };
}

/// Reads a stream to its end.
rill::task<void> read_events(rill::http_client& client, std::string url, texts& taken) {
    auto answer = co_await client.get(url);
    while (const auto* const message = co_await answer.next())
        taken.push_back(message->type + "|" + message->data + "|" + message->last_event_id);
}

bool begins(const texts& all, const texts& part) {
    return part.size() <= all.size() && std::equal(part.begin(), part.end(), all.begin());
}

const std::string chunked_stream = scripted::stream("Transfer-Encoding: chunked\r\n") +
                                   scripted::chunk(events_after(0, 2)) + scripted::chunk(events_after(2)) +
                                   "0\r\n\r\n";

/// A name has to be looked up.
std::string by_name(const scripted::server& server) {
    return "http://localhost:" + std::to_string(server.port()) + "/";
}

/// Sends each answer a byte at a time, and does not mind a client that leaves.
void trickle_chain(connection& c) {
    const auto both = exchanges().back();
    for (auto request = c.request(); !request.empty(); request = c.request())
        static_cast<void>(c.trickle(request.starts_with("GET /there ") ? both.back() : both.front(), 0ms));
}

/// Answers requests with bodies of this size, and does not mind a client that leaves.
void take_body(connection& c, std::size_t size) {
    while (!c.until("\r\n\r\n").empty()) {
        std::size_t taken = 0;
        while (taken < size) {
            const auto part = c.some();
            if (part.empty()) return;
            taken += part.size();
        }
        static_cast<void>(c.trickle(scripted::response(200, "", "taken"), 0ms));
    }
}

/// The next event of a stream a byte at a time, and its end; behind the last one nothing.
void trickle_next_event(connection& c) {
    const auto request = c.request();
    if (request.empty()) return;
    const auto seen = seen_by(request);
    const bool there = c.trickle(scripted::stream() + events_after(seen, 1), 0ms);
    if (there && seen == followed.size()) static_cast<void>(c.is_left());
}

} // namespace

TEST_CASE("whoever awaits an answer may be cancelled behind any byte of it, and of a redirect before it") {
    const nothing_left behind;
    for (const auto& answers : exchanges()) {
        CAPTURE(answers.back());
        for (std::size_t sent = 0, all = 1; sent <= all; ++sent) {
            CAPTURE(sent);
            cancellable asking;
            answers_in_part parts{.answers = answers, .sent = sent};
            all = parts.size();
            scripted::server server{parts.script(asking)};
            rill::http_client client;
            std::string got;
            const bool done = asking.completes([&]() -> rill::task<void> {
                got = (co_await whole(client, client_request{method::get, server.url()})).body;
            });
            CHECK(got == (done ? "the body" : ""));
            if (sent < all) CHECK_FALSE(done);
            CHECK(outcome_of(client, server.url()).is_right("the body"));
        }
    }
}

TEST_CASE("whoever follows redirects may be cancelled wherever that waits") {
    const nothing_left behind;
    cancel_at_each_suspension([](std::size_t handlers) {
        cancellable asking;
        scripted::server server{trickle_chain};
        rill::http_client client;
        std::string got;
        const bool done = asking.completes_within(handlers, [&]() -> rill::task<void> {
            got = (co_await whole(client, client_request{method::get, by_name(server)})).body;
        });
        CHECK(got == (done ? "the body" : ""));
        CHECK(outcome_of(client, by_name(server)).is_right("the body"));
        return done;
    });
}

TEST_CASE("whoever sends a large body may be cancelled wherever that waits") {
    const nothing_left behind;
    const std::string large(600'000, 'x');
    cancel_at_each_suspension([&](std::size_t handlers) {
        cancellable sending;
        scripted::server server{[&](connection& c) { take_body(c, large.size()); }};
        rill::http_client client;
        std::string got;
        const auto send = [&]() -> rill::task<void> {
            auto request = client_request{method::post, server.url()}.body(large, "text/plain");
            got = (co_await whole(client, std::move(request))).body;
        };
        const bool done = sending.completes_within(handlers, send);
        CHECK(got == (done ? "taken" : ""));
        run(send);
        CHECK(got == "taken");
        return done;
    });
}

TEST_CASE("whoever reads the events of an answer may be cancelled behind any byte of them") {
    const nothing_left behind;
    for (std::size_t sent = 0; sent <= chunked_stream.size(); ++sent) {
        CAPTURE(sent);
        cancellable reading;
        answers_in_part parts{.answers = {chunked_stream}, .sent = sent};
        scripted::server server{parts.script(reading)};
        rill::http_client client;
        texts got, again;
        const bool done = reading.completes([&] { return read_events(client, server.url(), got); });
        CHECK(begins(followed_texts, got));
        CHECK(done == (got.size() == followed.size() && sent == chunked_stream.size()));
        run([&] { return read_events(client, server.url(), again); });
        CHECK(again == followed_texts);
    }
}

TEST_CASE("whoever reads the events of an answer may be cancelled wherever that waits") {
    const nothing_left behind;
    cancel_at_each_suspension([](std::size_t handlers) {
        cancellable reading;
        scripted::server server{[](connection& c) {
            while (!c.request().empty()) static_cast<void>(c.trickle(chunked_stream, 0ms));
        }};
        rill::http_client client;
        texts got, again;
        const bool done =
            reading.completes_within(handlers, [&] { return read_events(client, server.url(), got); });
        CHECK(begins(followed_texts, got));
        run([&] { return read_events(client, server.url(), again); });
        CHECK(again == followed_texts);
        return done;
    });
}

TEST_CASE("a source that is cancelled behind any byte of its stream goes on, and gets each event once") {
    const nothing_left behind;
    const auto stream = scripted::stream() + events_after(0);
    for (std::size_t sent = 0; sent <= stream.size(); ++sent) {
        CAPTURE(sent);
        cancellable following;
        std::atomic<int> connections{0};
        scripted::server server{[&](connection& c) {
            const bool first = connections++ == 0;
            const auto request = c.request();
            if (request.empty()) return;
            c.send(first ? stream.substr(0, sent) : scripted::stream() + events_after(seen_by(request)));
            following.cancel(c);
        }};
        rill::http_client client;
        rill::event_source source{client, server.url(), at_once};
        texts got;
        const bool done = following.completes([&] { return take_all(source, got); });
        CHECK(begins(followed_texts, got));
        if (!done) run([&] { return take_all(source, got); });
        CHECK(got == followed_texts);
    }
}

TEST_CASE("a source that is cancelled wherever it waits, also to connect again, gets each event once") {
    const nothing_left behind;
    cancel_at_each_suspension([](std::size_t handlers) {
        cancellable following;
        scripted::server server{trickle_next_event};
        rill::http_client client;
        rill::event_source source{client, server.url(), at_once};
        texts got;
        const bool done = following.completes_within(handlers, [&] { return take_all(source, got); });
        CHECK(begins(followed_texts, got));
        if (!done) run([&] { return take_all(source, got); });
        CHECK(got == followed_texts);
        return done;
    });
}
