#include <rill/base/detail/peer_address.hpp>

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <string_view>

using rill::detail::ip_address;
using rill::detail::peer_address;

namespace {

/// `text` as an address, in its one spelling; "none" if it is not one.
std::string spelt(std::string_view text) {
    const auto address = ip_address::parse(text);
    return address ? address->str() : "none";
}

/// The peer that `text` is, with its port; "none" if it is none.
std::string peer(std::string_view text) {
    const auto found = peer_address::parse(text);
    return found ? found->str() : "none";
}

} // namespace

TEST_CASE("an address has one spelling") {
    CHECK(spelt("192.0.2.7") == "192.0.2.7");
    CHECK(spelt("0.0.0.0") == "0.0.0.0");
    CHECK(spelt("2001:DB8:0:0:0:0:0:1") == "2001:db8::1");
    CHECK(spelt("2001:db8::0001") == "2001:db8::1");
    CHECK(spelt("2001:db8:0:1:1:1:1:1") == "2001:db8:0:1:1:1:1:1"); // RFC 5952 §4.2.2
    CHECK(spelt("::") == "::");
    CHECK(spelt("::1") == "::1");
}

TEST_CASE("an IPv4 address that is mapped into IPv6 is the IPv4 address") {
    for (const auto* const text : {"::ffff:192.0.2.7", "::FFFF:c000:207", "0:0:0:0:0:ffff:192.0.2.7"}) {
        CAPTURE(text);
        CHECK(spelt(text) == "192.0.2.7");
        CHECK(ip_address::parse(text) == ip_address::parse("192.0.2.7"));
        CHECK(ip_address::parse(text)->is_v4());
    }
    CHECK_FALSE(ip_address::parse("::192.0.2.7")->is_v4());
    constexpr std::array<unsigned char, 4> bytes{192, 0, 2, 7};
    CHECK(ip_address::v4(bytes) == ip_address::parse("192.0.2.7"));
}

TEST_CASE("what is not an address is not taken for one") {
    for (const std::string_view text : {"",
                                        " ",
                                        "192.0.2",
                                        "192.0.2.256",
                                        "192.0.2.07",
                                        "192.0.2.7.",
                                        "0x7f.0.0.1",
                                        "127.1",
                                        "1",
                                        "::1%lo",
                                        "[::1]",
                                        ":",
                                        ":::",
                                        "1:2:3:4:5:6:7",
                                        "1:2:3:4:5:6:7:8:9",
                                        "12345::",
                                        "g::",
                                        "unknown",
                                        "localhost",
                                        " 192.0.2.7",
                                        "192.0.2.7 ",
                                        "192.0.2.7:80",
                                        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb"}) {
        CAPTURE(text);
        CHECK(spelt(text) == "none");
    }
    CHECK(spelt(std::string_view{"192.0.2.7\0", 10}) == "none");
    CHECK(spelt(std::string_view{"::1\0x", 5}) == "none");
}

TEST_CASE("a zone is left out where it may be there") {
    const auto address = [](std::string_view text) {
        const auto found = ip_address::parse_without_zone(text);
        return found ? found->str() : "none";
    };
    CHECK(address("fe80::1%eth0") == "fe80::1");
    CHECK(address("fe80::1") == "fe80::1");
    for (const auto* const text : {"fe80::1%", "192.0.2.7%eth0", "%eth0", "%::1", "x%::1"}) {
        CAPTURE(text);
        CHECK(address(text) == "none");
    }
}

TEST_CASE("a peer may have a port, and IPv6 brackets") {
    CHECK(peer("192.0.2.7") == "192.0.2.7");
    CHECK(peer("192.0.2.7:4711") == "192.0.2.7:4711");
    CHECK(peer("2001:DB8::1") == "2001:db8::1");
    CHECK(peer("[2001:DB8::1]") == "2001:db8::1");
    CHECK(peer("[2001:db8::1]:4711") == "[2001:db8::1]:4711");
    CHECK(peer("[::ffff:192.0.2.7]:4711") == "192.0.2.7:4711");
    CHECK(peer("192.0.2.7:0") == "192.0.2.7:0");
    CHECK(peer("192.0.2.7:65535") == "192.0.2.7:65535");
    CHECK(peer("unix") == "unix");
    CHECK(peer_address::parse("[2001:db8::1]:4711")->host() == "2001:db8::1");
    CHECK(peer_address{}.str() == "unknown");
}

TEST_CASE("other forms of a peer are none") {
    for (const auto* const text : {"",
                                   "x",
                                   "Unix",
                                   "unix:",
                                   "192.0.2.7:",
                                   "192.0.2.7:65536",
                                   "192.0.2.7:000080",
                                   "192.0.2.7:-1",
                                   "192.0.2.7:x",
                                   "192.0.2.7:80:80",
                                   "[192.0.2.7]",
                                   "[192.0.2.7]:80",
                                   "[::1",
                                   "::1]",
                                   "[::1]x",
                                   "[::1]:",
                                   "[::1]:x",
                                   "[::1%lo]:80",
                                   "[]:80",
                                   "[]",
                                   ":80",
                                   "_hidden",
                                   "unknown"}) {
        CAPTURE(text);
        CHECK(peer(text) == "none");
    }
}
