#include "faults_stage.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace faults {
namespace {

std::string request(std::string_view path, std::string_view fields = {}, std::string_view method = "GET") {
    const heap::spared here;
    return fmt::format("{} {} HTTP/1.1\r\nHost: test\r\n{}\r\n", method, path, fields);
}

/// Asks for `path`, with these fields, which are whole lines.
void ask(stage& s, std::string_view path, std::string_view fields = {}, std::string_view method = "GET") {
    s.send(request(path, fields, method));
}

/// A client that takes little at a time.
void read_slowly(stage& s, std::string_view path) {
    s.window(20'000);
    ask(s, path);
    for (int n = 0; n < 3; ++n) {
        s.advance(1s);
        s.receive();
    }
}

/// A subscriber of `path` that stands still while more is published than its topic keeps.
void lag(stage& s, std::string_view path) {
    ask(s, path);
    s.window(150);
    s.publish(1, 2, "a");
    for (int n = 3; n <= 9; ++n) s.publish(n, n, "b");
    s.advance(1s);
    s.window(256 * 1024);
    s.receive();
    s.publish(10, 10, "a");
    s.receive();
}

} // namespace

const std::vector<scenario>& scenarios() {
    static const std::vector<scenario> all{
        {"a short answer", [](stage& s) { ask(s, "/short"); }},
        {"HEAD", [](stage& s) { ask(s, "/short", "", "HEAD"); }},
        {"HEAD of a stream", [](stage& s) { ask(s, "/yields", "", "HEAD"); }},
        {"an answer that is waited for",
         [](stage& s) {
             ask(s, "/later");
             s.advance(2s);
         }},
        {"a body in pieces, after 100 Continue",
         [](stage& s) {
             ask(s, "/echo", "Content-Length: 10\r\nExpect: 100-continue\r\n", "POST");
             s.send("01234");
             s.send("56789");
         }},
        {"a chunked body",
         [](stage& s) {
             ask(s, "/echo", "Transfer-Encoding: chunked\r\n", "POST");
             s.send("5\r\n01234\r\n");
             s.send("5\r\n56789\r\n0\r\n\r\n");
         }},
        {"a body that nobody reads",
         [](stage& s) {
             ask(s, "/nowhere", "Content-Length: 10\r\n", "POST");
             s.send("01234");
             s.send("56789");
             ask(s, "/short");
         }},
        {"a body for which nobody waits",
         [](stage& s) {
             ask(s, "/short", "Content-Length: 10\r\n", "POST");
             s.send("01234");
             s.send("56789");
             ask(s, "/short");
         }},
        {"requests that come together",
         [](stage& s) {
             s.send("GET /short HTTP/1.1\r\nHost: test\r\n\r\nHEAD /short HTTP/1.1\r\nHost: test\r\n\r\n"
                    "GET /yields HTTP/1.1\r\nHost: test\r\n\r\nGET /short HTTP/1.1\r\nHost: test\r\n\r\n");
             s.advance(61s);
             s.receive();
         }},
        {"requests that come together, and one that is waited for",
         [](stage& s) {
             s.send("GET /short HTTP/1.1\r\nHost: test\r\n\r\nPOST /echo HTTP/1.1\r\nHost: test\r\n"
                    "Content-Length: 4\r\n\r\nbodyGET /later HTTP/1.1\r\nHost: test\r\n\r\n"
                    "GET /short HTTP/1.1\r\nHost: test\r\n\r\n");
             s.advance(2s);
             s.receive();
         }},
        {"one request after the other, until the connection has been idle for long",
         [](stage& s) {
             ask(s, "/short");
             s.advance(5s);
             ask(s, "/short");
             s.advance(61s);
         },
         {.limits = {.idle_timeout = 60s}}},
        {"a head that comes too slowly",
         [](stage& s) {
             s.send("GET /short HT");
             s.advance(11s);
             s.receive();
         }},
        {"a body that comes too slowly",
         [](stage& s) {
             ask(s, "/echo", "Content-Length: 10\r\n", "POST");
             s.advance(31s);
             s.receive();
         }},
        {"an HTTP/1.0 stream",
         [](stage& s) {
             s.send("GET /awaits HTTP/1.0\r\nHost: test\r\n\r\n");
             s.advance(5s);
             s.receive();
         }},
        {"a stream that yields, sleeps and ends",
         [](stage& s) {
             ask(s, "/yields");
             s.advance(70s);
             s.receive();
             ask(s, "/short");
         }},
        {"a stream that awaits",
         [](stage& s) {
             ask(s, "/awaits");
             s.advance(5s);
             s.receive();
         }},
        {"a handler that writes",
         [](stage& s) {
             ask(s, "/writes");
             s.advance(5s);
             s.receive();
         }},
        {"a handler that relays",
         [](stage& s) {
             ask(s, "/relays");
             s.publish(1, 3);
             s.advance(20s);
             s.close();
             s.receive();
         }},
        {"a handler that reads a topic",
         [](stage& s) {
             ask(s, "/reads");
             s.publish(1, 3);
             s.advance(1s);
             s.close();
             s.receive();
         }},
        {"a parked subscription",
         [](stage& s) {
             ask(s, "/news");
             s.publish(1, 3);
             s.advance(40s);
             s.publish(4, 5);
             s.close();
             s.receive();
             ask(s, "/short");
         }},
        {"a subscriber that is slow, and skips", [](stage& s) { lag(s, "/skipping"); }, {}, true},
        {"a subscriber that is slow, and gets the newest", [](stage& s) { lag(s, "/newest"); }, {}, true},
        {"a subscriber that is slow, and is told to come back",
         [](stage& s) { lag(s, "/strict"); },
         {},
         true},
        {"a handler that throws", [](stage& s) { ask(s, "/throws"); }},
        {"a handler that throws later",
         [](stage& s) {
             ask(s, "/throws-later");
             s.advance(2s);
             s.receive();
         }},
        {"a handler that throws in mid-stream",
         [](stage& s) {
             ask(s, "/fails");
             s.advance(2s);
             s.receive();
         }},
        {"431",
         [](stage& s) {
             ask(s, "/short",
                 "A-field-that-alone-makes-the-head-larger-than-this-server-permits: 0123456789\r\n");
         },
         {.limits = {.max_head = 100}}},
        {"413", [](stage& s) { ask(s, "/echo", "Content-Length: 9999999\r\n", "POST"); }},
        {"503 in a stream", [](stage& s) { ask(s, "/not-now", "Accept: text/event-stream\r\n"); }},
        {"draining a stream",
         [](stage& s) {
             ask(s, "/yields");
             s.advance(1s);
             s.drain();
             s.receive();
         }},
        {"draining a stream that awaits",
         [](stage& s) {
             ask(s, "/awaits");
             s.advance(1s);
             s.drain();
             s.receive();
         }},
        {"draining a subscription",
         [](stage& s) {
             ask(s, "/news");
             s.publish(1, 1);
             s.drain();
             s.receive();
         }},
        {"draining a request",
         [](stage& s) {
             ask(s, "/later");
             s.drain();
             s.advance(2s);
             s.receive();
         }},
        {"a large answer, read slowly", [](stage& s) { read_slowly(s, "/large"); }},
        {"a large stream, read slowly", [](stage& s) { read_slowly(s, "/much"); }},
        {"a large stream that is written, read slowly", [](stage& s) { read_slowly(s, "/writes-much"); }},
    };
    return all;
}

} // namespace faults
