#include <rill/base/detail/networks.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>

using rill::detail::networks;
using rill::detail::peer_address;

namespace {

bool contains(std::string_view list, std::string_view peer) {
    return networks{list}.contains(*peer_address::parse(peer));
}

/// What is said of a list that cannot be read.
std::string complaint(std::string_view list) {
    try {
        const networks made{list};
    } catch (const std::invalid_argument& cause) {
        return cause.what();
    }
    return "nothing";
}

} // namespace

TEST_CASE("a list has networks and addresses of both families") {
    constexpr std::string_view list = "10.0.0.0/8, ::1,192.0.2.1 ,2001:db8::/32";
    for (const auto* const peer : {"10.0.0.0", "10.255.255.255", "10.1.2.3:80", "::1", "[::1]:80",
                                   "192.0.2.1", "2001:db8::", "2001:db8:ffff::1", "::ffff:10.1.2.3"}) {
        CAPTURE(peer);
        CHECK(contains(list, peer));
    }
    for (const auto* const peer : {"9.255.255.255", "11.0.0.0", "::2", "192.0.2.0", "192.0.2.2",
                                   "2001:db9::", "2001:db7:ffff::", "unix", "::10.0.0.1"}) {
        CAPTURE(peer);
        CHECK_FALSE(contains(list, peer));
    }
}

TEST_CASE("a prefix counts bit by bit") {
    CHECK(contains("192.0.2.128/25", "192.0.2.200"));
    CHECK_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
    CHECK(contains("192.0.2.4/31", "192.0.2.5"));
    CHECK_FALSE(contains("192.0.2.4/31", "192.0.2.6"));
    CHECK_FALSE(contains("192.0.2.4/32", "192.0.2.5"));
    CHECK(contains("2001:db8::8/125", "2001:db8::f"));
    CHECK_FALSE(contains("2001:db8::8/125", "2001:db8::10"));
    CHECK_FALSE(contains("::1/128", "::2"));
}

TEST_CASE("a prefix of no bits is all of its family") {
    CHECK(contains("0.0.0.0/0", "203.0.113.1"));
    CHECK_FALSE(contains("0.0.0.0/0", "::1"));
    CHECK(contains("::/0", "2001:db8::1"));
    CHECK_FALSE(contains("::/0", "127.0.0.1"));
    CHECK_FALSE(contains("::/0", "::ffff:127.0.0.1"));
    CHECK_FALSE(contains("0.0.0.0/0,::/0", "unix"));
}

TEST_CASE("bits behind the prefix mean nothing") {
    CHECK(contains("10.1.2.3/8", "10.200.0.1"));
    CHECK(contains("2001:db8::1/32", "2001:db8:1::"));
}

TEST_CASE("mapped addresses in a list are IPv4") {
    CHECK(contains("::ffff:192.0.2.1", "192.0.2.1"));
    CHECK(contains("::ffff:10.0.0.0/104", "10.1.2.3"));
    CHECK_FALSE(contains("::ffff:10.0.0.0/104", "11.1.2.3"));
    CHECK(contains("::ffff:0:0/96", "203.0.113.1"));
    CHECK(complaint("::ffff:0:0/95") != "nothing");
    CHECK(complaint("::ffff:10.0.0.0/129") != "nothing");
}

TEST_CASE("unix is whoever connects to a Unix socket") {
    CHECK(contains("unix", "unix"));
    CHECK(contains("10.0.0.0/8,unix", "unix"));
    CHECK(contains("unix,10.0.0.0/8", "10.0.0.1"));
    CHECK_FALSE(contains("unix", "127.0.0.1"));
    CHECK_FALSE(networks{"unix"}.empty());
}

TEST_CASE("an empty list is nobody, and nobody unknown is in a list") {
    for (const auto* const list : {"", " ", "\t"}) {
        CHECK(networks{list}.empty());
        CHECK_FALSE(contains(list, "127.0.0.1"));
    }
    CHECK_FALSE(networks{"0.0.0.0/0,::/0,unix"}.contains(peer_address{}));
}

TEST_CASE("a member that cannot be read is named") {
    CHECK(complaint("::1,10.0.0.0/33") ==
          "'10.0.0.0/33' is not an address, a network like 10.0.0.0/8 or fd00::/8, or unix");
    for (const auto* const list :
         {"x",          ",",           "::1,",        ",::1",         "::1,,::2",    "::1 ::2", "10.0.0.0/",
          "10.0.0.0/x", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0 /8", "/8",      "::/129",
          "[::1",       "::1]",        "[10.0.0.1]",  "10.0.0.1:80",  "[::1]:80",    "*",       "localhost",
          "unix:",      "UNIX",        "fe80::1%lo",  "10.0.0",       "010.0.0.1"}) {
        CAPTURE(list);
        CHECK(complaint(list).find("is not an address") != std::string::npos);
    }
}

TEST_CASE("IPv6 in a list may have brackets") {
    CHECK(contains("[::1]", "::1"));
    CHECK(contains("[fd00::]/8", "fd12::3"));
}
