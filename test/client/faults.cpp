// Servers that leave behind each byte of what they send.
#include "client/asking.hpp"
#include "client/cutting.hpp"
#include "client/scripted_server.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using namespace cutting;

namespace {

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
                    return cut(c);
            }
        };
    }

    void cut(connection& c) const {
        c.send(std::string_view{answer}.substr(0, sent));
        leave(c, how);
    }

    std::string answer;
    way how = way::whole;
    std::size_t sent = 0;
    std::atomic<int> connections{0};
};

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

/// A redirect to the same server, and what is there: the first connection ends behind so many bytes of both.
struct cut_chain {
    scripted::server::script script() {
        return [this](connection& c) {
            auto left = connections++ == 0 ? sent : std::string::npos;
            for (auto request = c.request(); !request.empty(); request = c.request()) {
                const auto& answer = request.starts_with("GET /there ") ? there : here;
                c.send(std::string_view{answer}.substr(0, left));
                if (left <= answer.size() && (left < answer.size() || &answer == &there))
                    return leave(c, how);
                left -= left == std::string::npos ? 0 : answer.size();
            }
        };
    }
    [[nodiscard]] std::size_t size() const { return here.size() + there.size(); }

    way how;
    std::size_t sent;
    std::string here = scripted::response(302, "Location: /there\r\n", "gone");
    std::string there = scripted::response(200, "X-Field: value\r\n", "found");
    std::atomic<int> connections{0};
};

/// Sends the events that come next; the first connection ends behind so many bytes.
struct cut_stream {
    scripted::server::script script() {
        return [this](connection& c) {
            const bool first = connections++ == 0;
            const auto request = c.request();
            if (request.empty()) return;
            if (request.starts_with("GET /short ")) return c.send(scripted::response(200, "", "short"));
            if (!first) {
                c.send(scripted::stream() + events_after(seen_by(request)));
                return static_cast<void>(c.is_left());
            }
            c.send(std::string_view{stream}.substr(0, sent));
            leave(c, how);
        };
    }

    std::string stream;
    way how;
    std::size_t sent;
    std::atomic<int> connections{0};
};

std::string in_chunks() {
    auto all = scripted::stream("Transfer-Encoding: chunked\r\n");
    for (const auto& event : followed) all += scripted::chunk(event);
    return all + "0\r\n\r\n";
}

} // namespace

TEST_CASE("an answer that is cut behind any byte is the right one or a failure, byte by byte it is right") {
    const nothing_left behind;
    for (const auto& what : answers()) {
        CAPTURE(std::string{what.name});
        for (const auto how : {way::whole, way::bytes, way::fin, way::rst})
            for (std::size_t sent = 0; sent <= what.answer.size(); ++sent) {
                CAPTURE(sent);
                cut_answer cut{.answer = what.answer, .how = how, .sent = sent};
                scripted::server server{cut.script()};
                rill::http_client client;
                const auto got = outcome_of(client, server.url());
                if (!got.code) CHECK(got.body == what.body);
                CHECK(outcome_of(client, server.url()).is_right(what.body));
                if (how == way::whole || how == way::bytes) {
                    CHECK_FALSE(got.code);
                    break; // it is not cut
                }
                if (sent < what.answer.size()) CHECK(got.code);
            }
    }
}

TEST_CASE("a redirect that is cut behind any byte leads to its target or is a failure") {
    const nothing_left behind;
    scripted::server target{scripted::answer(scripted::response(200, "", "the target"))};
    const auto redirect = scripted::response(302, "Location: " + target.url() + "\r\n", "gone");
    for (const auto how : {way::bytes, way::fin, way::rst})
        for (std::size_t sent = 0; sent <= redirect.size(); ++sent) {
            CAPTURE(sent);
            cut_answer cut{.answer = redirect, .how = how, .sent = sent};
            scripted::server server{cut.script()};
            rill::http_client client;
            const auto got = outcome_of(client, server.url());
            if (!got.code) CHECK(got.body == "the target");
            CHECK(outcome_of(client, server.url()).is_right("the target"));
            if (how == way::bytes) {
                CHECK_FALSE(got.code);
                break;
            }
        }
}

TEST_CASE("a redirect and what it leads to on one connection may be cut behind any byte") {
    const nothing_left behind;
    for (const auto how : {way::fin, way::rst})
        for (std::size_t sent = 0, all = 1; sent <= all; ++sent) {
            CAPTURE(sent);
            cut_chain cut{.how = how, .sent = sent};
            all = cut.size();
            scripted::server server{cut.script()};
            rill::http_client client;
            const auto got = outcome_of(client, server.url());
            if (!got.code) CHECK(got.body == "found");
            // With its head a redirect can be followed; and where nothing of the second answer has come, it
            // is asked for again. A reset may take back what was sent.
            const bool has_head = sent >= cut.here.size() - 4;
            const bool has_begun = sent > cut.here.size() && sent < all;
            if (!has_head || has_begun)
                CHECK(got.code);
            else if (how == way::fin)
                CHECK_FALSE(got.code);
            CHECK(outcome_of(client, server.url()).is_right("found"));
        }
}

TEST_CASE("an event stream that is cut behind any byte is opened again, and gives whole events only") {
    const nothing_left behind;
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

TEST_CASE(
    "a source whose stream is cut behind any byte gets each event once, if the server goes on where it was") {
    const nothing_left behind;
    for (const auto& stream : {scripted::stream() + events_after(0), in_chunks()})
        for (const auto how : {way::fin, way::rst})
            for (std::size_t sent = 0; sent <= stream.size(); ++sent) {
                CAPTURE(sent);
                cut_stream cut{.stream = stream, .how = how, .sent = sent};
                scripted::server server{cut.script()};
                rill::http_client client;
                rill::event_source source{client, server.url(), at_once};
                texts got;
                run([&] { return take_all(source, got); });
                CHECK(got == followed_texts);
                CHECK(outcome_of(client, server.url("/short")).is_right("short"));
            }
}
