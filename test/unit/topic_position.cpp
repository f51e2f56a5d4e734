#include <rill/topic/detail/position.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

using rill::detail::append;
using rill::detail::parse_position;
using rill::detail::position;
using rill::detail::positions;

namespace {

std::string text_of(const position& p) {
    std::string text;
    append(text, p);
    return text;
}

constexpr std::uint64_t largest_epoch = 0xFFFF'FFFF'FFFF;
constexpr std::uint64_t largest_sequence = 999'999'999'999'999'999; // of 18 digits

} // namespace

TEST_CASE("a position is twelve digits of its epoch, a dash, and its number") {
    CHECK(text_of({0xC0FFEE1234, 17}) == "00c0ffee1234-17");
    CHECK(text_of({0, 0}) == "000000000000-0");
    CHECK(text_of({largest_epoch, largest_sequence}) == "ffffffffffff-999999999999999999");
}

TEST_CASE("a position is appended to what is there") {
    std::string text = "here,";
    append(text, {1, 2});
    CHECK(text == "here,000000000001-2");
}

TEST_CASE("what is appended is parsed as the same") {
    for (const std::uint64_t epoch : {0ULL, 1ULL, 0xABC'DEF0ULL, 0x1234'5678'9ABCULL, 0xFFFF'FFFF'FFFFULL}) {
        for (const std::uint64_t sequence :
             {0ULL, 1ULL, 9ULL, 10ULL, 1ULL << 32, 999'999'999'999'999'999ULL}) {
            const position p{epoch, sequence};
            CHECK(parse_position(text_of(p)) == p);
        }
    }
}

TEST_CASE("nothing else is parsed as a position") {
    for (const std::string_view bad : {
             "",                                  //
             "-",                                 //
             "17",                                // no epoch
             "00c0ffee1234",                      // no number
             "00c0ffee1234-",                     //
             "00c0ffee1234-x",                    //
             "00c0ffee1234-1x",                   //
             "00c0ffee1234-0x1",                  //
             "00c0ffee1234-1.0",                  //
             "00c0ffee1234--1",                   // a sign
             "00c0ffee1234-+1",                   //
             "00c0ffee1234-01",                   // a zero ahead
             "00c0ffee1234-00",                   //
             "00c0ffee1234-1 ",                   // spaces
             "00c0ffee1234- 1",                   //
             " 00c0ffee1234-1",                   //
             "00c0ffee1234 -1",                   //
             "00c0ffee1234\t-1",                  //
             "0c0ffee1234-17",                    // eleven digits
             "000c0ffee1234-17",                  // thirteen
             "00C0FFEE1234-17",                   // in upper case
             "00c0ffee123g-17",                   // no digit
             "00c0ffee123/-17",                   // next to the digits
             "00c0ffee123:-17",                   //
             "00c0ffee123`-17",                   //
             "-0c0ffee1234-17",                   //
             "0x00ffee1234-17",                   //
             "00c0ffee1234_17",                   // no dash
             "00c0ffee1234\u201017",              // another dash
             "00c0ffee1234-17,",                  // more than one
             ",00c0ffee1234-17",                  //
             "00c0ffee1234-17-18",                //
             "00c0ffee1234-17\n",                 //
             "00c0ffee1234-1000000000000000000",  // nineteen digits
             "00c0ffee1234-18446744073709551616", // one more than 64 bits hold
         }) {
        CAPTURE(bad);
        CHECK_FALSE(parse_position(bad));
        CHECK_FALSE(positions{bad}.well_formed());
        CHECK(positions{bad}.size() == 0);
    }
    CHECK_FALSE(parse_position(std::string_view{"00c0ffee1234-1\0", 15}));
    CHECK_FALSE(parse_position(std::string_view{"00c0\0fee1234-1", 14}));
    CHECK_FALSE(parse_position(std::string_view{}));
    CHECK_FALSE(parse_position("00c0ffee1234-" + std::string(100'000, '1')));
}

TEST_CASE("no byte may stand in for another one") {
    const std::string good = "00c0ffee1234-17";
    REQUIRE(parse_position(good));
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (int c = 0; c < 256; ++c) {
            auto text = good;
            text[i] = static_cast<char>(c);
            const auto parsed = parse_position(text);
            // What is taken is what is written.
            if (parsed) REQUIRE(text_of(*parsed) == text);
        }
    }
}

TEST_CASE("an epoch has 48 bits, is never that of nowhere, and another each time") {
    std::set<std::uint64_t> all;
    std::uint64_t ones = 0;
    for (int n = 0; n < 200; ++n) {
        const auto epoch = rill::detail::random_epoch();
        CHECK(epoch > 0);
        CHECK(epoch <= largest_epoch);
        all.insert(epoch);
        ones |= epoch;
    }
    CHECK(all.size() == 200);
    CHECK(ones == largest_epoch); // each of the bits is by chance
}

TEST_CASE("one position is a list of one") {
    const positions one{"00c0ffee1234-17"};
    CHECK(one.well_formed());
    CHECK(one.size() == 1);
    CHECK(one.find(0xC0FFEE1234) == position{0xC0FFEE1234, 17});
    CHECK_FALSE(one.find(0xC0FFEE1235));
    CHECK_FALSE(one.find(0));
}

TEST_CASE("positions in several topics are found by their epochs") {
    const positions three{"00000000000a-1,00000000000b-0,ffffffffffff-999999999999999999"};
    CHECK(three.size() == 3);
    CHECK(three.find(0xA) == position{0xA, 1});
    CHECK(three.find(0xB) == position{0xB, 0});
    CHECK(three.find(largest_epoch) == position{largest_epoch, largest_sequence});
    CHECK_FALSE(three.find(0xC));
}

TEST_CASE("one bad position spoils the list, and so does a comma too many or a topic that comes twice") {
    const std::string a = "00000000000a-1", b = "00000000000b-2";
    for (const auto& bad : {a + "," + b + ",", "," + a + "," + b, a + ",," + b, a + ", " + b, a + ";" + b,
                            a + "," + b + "x", "x," + a, a + "," + b + "," + a, a + ",00000000000a-2",
                            std::string{","}, std::string(1000, ','), a + b, a + "," + b + "\n"}) {
        CAPTURE(bad);
        const positions none{bad};
        CHECK_FALSE(none.well_formed());
        CHECK(none.size() == 0);
        CHECK_FALSE(none.find(0xA));
        CHECK_FALSE(none.find(0xB));
    }
    CHECK(positions{a + "," + b}.size() == 2);
}

TEST_CASE("nowhere may come more than once: in topics of which a gap is still to be told") {
    const positions some{"000000000000-0,00000000000a-1,000000000000-0,000000000000-0"};
    CHECK(some.well_formed());
    CHECK(some.size() == 4);
    CHECK(some.find(0xA) == position{0xA, 1});
    CHECK(positions{"000000000000-0,000000000000-0"}.size() == 2);
}

TEST_CASE("positions hold more topics than a subscription follows") {
    std::string text;
    for (std::uint64_t n = 1; n <= 50; ++n) {
        if (n > 1) text += ',';
        append(text, {n, n * 10});
    }
    const positions many{text};
    CHECK(many.size() == 50);
    for (std::uint64_t n = 1; n <= 50; ++n) CHECK(many.find(n) == position{n, n * 10});
}
