#include <rill/http/detail/forwarded.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

using rill::detail::connection_ends;
using rill::detail::networks;
using rill::detail::parse_forwarded;
using rill::detail::peer_address;

namespace {

using header_lines = std::initializer_list<std::pair<std::string_view, std::string_view>>;

constexpr std::string_view trusted = "10.0.0.0/8,2001:db8::/32,unix";

/// Whose request it is, as `client scheme host` with `-` for what is not said.
std::string provenance_from(const connection_ends& ends, header_lines lines, rill::forwarded_fields kind) {
    rill::fields fields;
    for (const auto& [name, value] : lines) fields.add(name, value);
    const auto found = rill::detail::provenance_of(fields, ends, {networks{trusted}, kind});
    return fmt::format("{} {} {}", found.client.host(), found.scheme.empty() ? "-" : found.scheme,
                       found.host.empty() ? "-" : found.host);
}

peer_address at(std::string_view text) {
    return *peer_address::parse(text);
}

/// By the `X-Forwarded-` fields of a request whose peer is 10.0.0.1.
std::string by_x(header_lines lines, std::string_view peer = "10.0.0.1:4711") {
    return provenance_from({at(peer), at(peer)}, lines, rill::forwarded_fields::x_forwarded);
}

/// The client alone, by a single `X-Forwarded-For`.
std::string client_by(std::string_view value) {
    const auto found = by_x({{"X-Forwarded-For", value}});
    return found.substr(0, found.find(' '));
}

/// The same by `Forwarded`.
std::string by_forwarded(header_lines lines, std::string_view peer = "10.0.0.1:4711") {
    return provenance_from({at(peer), at(peer)}, lines, rill::forwarded_fields::forwarded);
}

std::string elements_of(std::string_view value) {
    const auto elements = parse_forwarded(value);
    if (!elements) return "malformed";
    std::string text;
    for (const auto& each : *elements) text += fmt::format("<{} {} {}>", each.client, each.proto, each.host);
    return text;
}

} // namespace

TEST_CASE("the client is the first address from the right that is not trusted") {
    CHECK(client_by("192.0.2.7") == "192.0.2.7");
    CHECK(client_by("203.0.113.9, 192.0.2.7") == "192.0.2.7");
    CHECK(client_by("203.0.113.9, 192.0.2.7, 10.0.0.2") == "192.0.2.7");
    CHECK(client_by("192.0.2.7,10.0.0.3,10.0.0.2") == "192.0.2.7");
    CHECK(client_by("10.0.0.9, 192.0.2.7, 10.0.0.2") == "192.0.2.7"); // what is left of it anybody writes
    CHECK(client_by("2001:DB9::0007, 2001:db8::1") == "2001:db9::7");
    CHECK(client_by("::ffff:192.0.2.7") == "192.0.2.7");
    CHECK(client_by("192.0.2.7, ::ffff:10.0.0.2") == "192.0.2.7");
}

TEST_CASE("where all are trusted the client is the leftmost") {
    CHECK(client_by("10.0.0.3, 10.0.0.2") == "10.0.0.3");
    CHECK(client_by("2001:db8::7") == "2001:db8::7");
}

TEST_CASE("the lines of X-Forwarded-For are one list") {
    CHECK(by_x({{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-For", "192.0.2.7"}}) == "192.0.2.7 - -");
    CHECK(by_x({{"x-forwarded-for", "192.0.2.7"}, {"Other", "1"}, {"X-FORWARDED-FOR", "10.0.0.2"}}) ==
          "192.0.2.7 - -");
    CHECK(by_x({{"X-Forwarded-For", "192.0.2.7"}, {"X-Forwarded-For", ""}}) == "192.0.2.7 - -");
}

TEST_CASE("an entry may have a port, blanks around it, and empty ones beside it") {
    CHECK(client_by("192.0.2.7:4711") == "192.0.2.7");
    CHECK(client_by("[2001:db9::7]:4711") == "2001:db9::7");
    CHECK(client_by("[2001:db9::7]") == "2001:db9::7");
    CHECK(client_by(" 192.0.2.7\t,\t10.0.0.2 ") == "192.0.2.7");
    CHECK(client_by("192.0.2.7,, ,10.0.0.2,") == "192.0.2.7");
    CHECK(client_by(",") == "10.0.0.1");
    CHECK(client_by("") == "10.0.0.1");
}

TEST_CASE("an entry that is not an address ends the way with the one before it") {
    for (const auto* const entry :
         {"unknown", "_hidden", "localhost", "192.0.2", "192.0.2.7:x", "\"192.0.2.7\"", "unix",
          "unix:", "192.0.2.7 10.0.0.2", "for=192.0.2.7", "fe80::1%lo"}) {
        CAPTURE(entry);
        CHECK(client_by(entry) == "10.0.0.1");
        CHECK(client_by(fmt::format("192.0.2.7, {}, 10.0.0.2", entry)) == "10.0.0.2");
    }
}

TEST_CASE("nobody who is not trusted is believed anything") {
    for (const auto* const peer : {"192.0.2.9:1", "[2001:db9::1]:1", "11.0.0.1"}) {
        CHECK(by_x({{"X-Forwarded-For", "10.0.0.1"},
                    {"X-Forwarded-Proto", "https"},
                    {"X-Forwarded-Host", "a.example"}},
                   peer) == at(peer).host() + " - -");
        CHECK(by_forwarded({{"Forwarded", "for=10.0.0.1;proto=https;host=a.example"}}, peer) ==
              at(peer).host() + " - -");
    }
}

TEST_CASE("a trusted Unix socket is a proxy as others are") {
    CHECK(by_x({{"X-Forwarded-For", "192.0.2.7"}, {"X-Forwarded-Proto", "https"}}, "unix") ==
          "192.0.2.7 https -");
    CHECK(by_x({}, "unix") == "unix - -");
    CHECK(provenance_from({}, {{"X-Forwarded-For", "192.0.2.7"}}, rill::forwarded_fields::x_forwarded) ==
          "unknown - -");
}

TEST_CASE("of several schemes and hosts the last is the proxy's own") {
    CHECK(by_x({{"X-Forwarded-Proto", "https"}}) == "10.0.0.1 https -");
    CHECK(by_x({{"X-Forwarded-Proto", "HTTPS"}}) == "10.0.0.1 https -");
    CHECK(by_x({{"X-Forwarded-Proto", "https, http"}}) == "10.0.0.1 http -");
    CHECK(by_x({{"X-Forwarded-Proto", "http"}, {"X-Forwarded-Proto", "https"}}) == "10.0.0.1 https -");
    CHECK(by_x({{"X-Forwarded-Host", "forged.example, a.example:8443"}}) == "10.0.0.1 - a.example:8443");
    CHECK(by_x({{"X-Forwarded-Host", "forged.example"}, {"X-Forwarded-Host", "[2001:db8::1]"}}) ==
          "10.0.0.1 - [2001:db8::1]");
}

TEST_CASE("a scheme or host that cannot be is none") {
    for (const auto* const scheme : {"", "ftp", "https:", "wss", "https http", "http, ftp", "\"https\""})
        CHECK(by_x({{"X-Forwarded-Proto", scheme}}) == "10.0.0.1 - -");
    for (const auto* const host : {"", "a b", "a/b", "user@a.example", "a:b", "a:65536", "[::1",
                                   "a.example, b/c", "%zz", ":80", "a\\b"})
        CHECK(by_x({{"X-Forwarded-Host", host}}) == "10.0.0.1 - -");
}

TEST_CASE("Forwarded is not looked at unless it is asked for, and then nothing else is") {
    const header_lines both = {{"Forwarded", "for=192.0.2.1;proto=http;host=one.example"},
                               {"X-Forwarded-For", "192.0.2.2"},
                               {"X-Forwarded-Proto", "https"},
                               {"X-Forwarded-Host", "two.example"}};
    CHECK(by_x(both) == "192.0.2.2 https two.example");
    CHECK(by_forwarded(both) == "192.0.2.1 http one.example");
}

TEST_CASE("the elements of Forwarded") {
    CHECK(elements_of("for=192.0.2.7") == "<192.0.2.7  >");
    CHECK(elements_of("For=\"[2001:db8::1]:4711\"") == "<[2001:db8::1]:4711  >");
    CHECK(elements_of("for=192.0.2.60;proto=http;by=203.0.113.43") == "<192.0.2.60 http >");
    CHECK(elements_of("for=192.0.2.43, for=198.51.100.17") == "<192.0.2.43  ><198.51.100.17  >");
    CHECK(elements_of("for=_hidden, for=_SEVKISEK;host=a.example") == "<_hidden  ><_SEVKISEK  a.example>");
    CHECK(elements_of("HOST=\"a.example:80\";PROTO=https") == "< https a.example:80>");
    CHECK(elements_of("by=\"a, b; c\" , for=unknown") == "<  ><unknown  >");
    CHECK(elements_of(";for=x;;proto=http; ,, secret=\"\"") == "<x http ><  >");
    CHECK(elements_of("") == "");
    CHECK(elements_of(" , ,") == "");
}

TEST_CASE("malformed values of Forwarded") {
    for (const auto* const value : {"for",
                                    "for=",
                                    "for=;proto=http",
                                    "=x",
                                    "for =x",
                                    "for= x",
                                    "for=\"x",
                                    "for=\"",
                                    "for=\"x\\",
                                    "for=x y",
                                    "for=\"x\"y",
                                    "for=\"a\\b\"",
                                    "for=[::1]",
                                    "for=::1",
                                    "for=192.0.2.7:80",
                                    "for=x;for=y",
                                    "proto=http;PROTO=https",
                                    "host=a;host=\"\"",
                                    "host=\"\";host=a",
                                    "for=x proto=http",
                                    "for=x@",
                                    "\"for\"=x",
                                    "for=x, \"",
                                    "192.0.2.7"}) {
        CAPTURE(value);
        CHECK(elements_of(value) == "malformed");
    }
}

TEST_CASE("Forwarded is read from the right, as long as a trusted proxy has written it") {
    CHECK(by_forwarded({{"Forwarded", "for=192.0.2.7;proto=https;host=a.example"}}) ==
          "192.0.2.7 https a.example");
    CHECK(by_forwarded({{"Forwarded", "for=\"[2001:DB9::7]:4711\""}}) == "2001:db9::7 - -");
    CHECK(by_forwarded({{"Forwarded", "for=\"192.0.2.7:_p80\""}}) == "192.0.2.7 - -");
    CHECK(by_forwarded({{"Forwarded", "for=\"[2001:db9::7]:_p80\""}}) == "2001:db9::7 - -");
    CHECK(by_forwarded({{"Forwarded", "for=\"192.0.2.7:_\""}}) == "10.0.0.1 - -");
    CHECK(by_forwarded({{"Forwarded", "for=\"192.0.2.7:_p q\""}}) == "10.0.0.1 - -");
    // The outer proxy is what the client talked to.
    CHECK(by_forwarded(
              {{"Forwarded", "for=192.0.2.7;proto=https;host=a.example, for=10.0.0.2;proto=http;host=b"}}) ==
          "192.0.2.7 https a.example");
    CHECK(by_forwarded({{"Forwarded", "for=192.0.2.7;proto=https"}, {"Forwarded", "for=10.0.0.2;host=b"}}) ==
          "192.0.2.7 https b");
    // What comes from the client itself.
    CHECK(by_forwarded({{"Forwarded", "for=10.0.0.9;proto=https;host=forged, for=192.0.2.7;proto=http"}}) ==
          "192.0.2.7 http -");
    CHECK(by_forwarded({{"Forwarded", "for=10.0.0.9;proto=https"}, {"Forwarded", "for=192.0.2.7"}}) ==
          "192.0.2.7 - -");
}

TEST_CASE("an element of Forwarded without an address ends the way") {
    for (const auto* const client : {"for=unknown", "for=_hidden", "for=\"_hidden:80\"", "for=unix",
                                     "by=10.0.0.1", "for=\"10.0.0.2:x\"", "for=\"\""}) {
        CAPTURE(client);
        CHECK(by_forwarded({{"Forwarded", fmt::format("for=192.0.2.7;host=forged, {};proto=https",
                                                      client)}}) == "10.0.0.1 https -");
    }
}

TEST_CASE("what breaks the grammar of Forwarded ends the way, and spoils no later line") {
    CHECK(by_forwarded({{"Forwarded", "for=\"x, for=192.0.2.7"}}) == "10.0.0.1 - -");
    CHECK(by_forwarded({{"Forwarded", "for=\"x"}, {"Forwarded", "for=192.0.2.7"}}) == "192.0.2.7 - -");
    CHECK(by_forwarded({{"Forwarded", "for=\"x"}, {"Forwarded", "for=10.0.0.2;proto=https"}}) ==
          "10.0.0.2 https -");
    CHECK(by_forwarded({{"Forwarded", "for=192.0.2.7;proto=ftp;host=\"a b\""}}) == "192.0.2.7 - -");
}

TEST_CASE("a client that the PROXY protocol names is an entry of the proxy that names it") {
    using enum rill::forwarded_fields;
    const header_lines x = {{"X-Forwarded-For", "203.0.113.9"}, {"X-Forwarded-Proto", "https"}};
    const header_lines one = {{"Forwarded", "for=203.0.113.9;proto=https, for=192.0.2.7;host=a"}};
    // A trusted proxy says the scheme; its client is not trusted.
    CHECK(provenance_from({at("192.0.2.7:1"), at("10.0.0.1:1")}, x, x_forwarded) == "192.0.2.7 https -");
    CHECK(provenance_from({at("192.0.2.7:1"), at("10.0.0.1:1")}, one, forwarded) == "192.0.2.7 - a");
    // Both are trusted, or only the one behind.
    for (const auto* const neighbour : {"10.0.0.1:1", "192.0.2.1:1"}) {
        CHECK(provenance_from({at("10.0.0.2:1"), at(neighbour)}, x, x_forwarded) == "203.0.113.9 https -");
        CHECK(provenance_from({at("10.0.0.2:1"), at(neighbour)}, one, forwarded) == "192.0.2.7 - a");
    }
    CHECK(provenance_from({at("192.0.2.7:1"), at("192.0.2.1:1")}, x, x_forwarded) == "192.0.2.7 - -");
}
