#include <rill/net/detail/proxy_header.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using rill::detail::proxy_header_parser;
using step = proxy_header_parser::step;

namespace {

using namespace std::string_literals;

const auto signature = "\r\n\r\n\0\r\nQUIT\n"s;

/// A header of version 2 with these two bytes behind the signature.
std::string v2_block(unsigned command, unsigned family, const std::string& content) {
    const auto size = content.size();
    return signature + static_cast<char>(command) + static_cast<char>(family) +
           static_cast<char>(size >> 8U) + static_cast<char>(size & 0xFFU) + content;
}

const auto four = "\xC0\x00\x02\x07\xC6\x33\x64\x01\x12\x67\x00\x50"s; // 192.0.2.7:4711 to 198.51.100.1:80
const auto six = "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01"
                 "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x02"
                 "\x12\x67\x00\x50"s;
const auto padding = "\x04\x00\x03\0\0\0"s; // a TLV

/// What comes of `header` when it is cut at `cut`: the client, "itself" for none, "more" or "malformed"; and
/// what is left behind it.
std::string outcome(std::string_view header, std::size_t cut = 0) {
    proxy_header_parser parser;
    std::string left;
    auto verdict = step::need_input;
    for (const auto piece : {header.substr(0, cut), header.substr(cut)}) {
        std::string_view input{piece};
        verdict = parser.parse(input);
        left += input;
    }
    switch (verdict) {
    case step::need_input: return left.empty() ? "more" : "left " + left;
    case step::malformed: return "malformed";
    default: break;
    }
    const auto who = parser.client() ? parser.client()->str() : "itself";
    return left.empty() ? who : who + " and " + left;
}

/// The same, whatever the cut.
std::string parsed(std::string_view header) {
    auto whole = outcome(header);
    for (std::size_t cut = 1; cut < header.size(); ++cut) {
        CAPTURE(cut);
        CHECK(outcome(header, cut) == whole);
    }
    proxy_header_parser parser;
    auto verdict = step::need_input;
    std::size_t taken = 0;
    for (; taken < header.size() && verdict == step::need_input; ++taken) {
        auto input = header.substr(taken, 1);
        verdict = parser.parse(input);
        CHECK(input.empty() == (verdict != step::malformed));
    }
    CHECK((verdict == step::malformed) == (whole == "malformed"));
    return whole;
}

} // namespace

TEST_CASE("version 1 names a client of IPv4 or IPv6") {
    CHECK(parsed("PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n") == "192.0.2.7:4711");
    CHECK(parsed("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n") == "255.255.255.255:65535");
    CHECK(parsed("PROXY TCP6 2001:db8::1 2001:DB8:0:0::2 4711 80\r\n") == "[2001:db8::1]:4711");
    CHECK(parsed("PROXY TCP6 ::ffff:192.0.2.7 ::1 4711 80\r\n") == "192.0.2.7:4711");
    CHECK(parsed("PROXY TCP4 192.0.2.7 198.51.100.1 0 0\r\n") == "192.0.2.7:0");
}

TEST_CASE("version 1 may know nobody, and whatever it says then means nothing") {
    CHECK(parsed("PROXY UNKNOWN\r\n") == "itself");
    CHECK(parsed("PROXY UNKNOWN \r\n") == "itself");
    CHECK(parsed("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n") == "itself");
    CHECK(parsed("PROXY UNKNOWN \x80 \x01\r\n") == "itself");
}

TEST_CASE("no byte behind the header is taken") {
    CHECK(parsed("PROXY UNKNOWN\r\n\r\n") == "itself and \r\n");
    CHECK(parsed("PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\nGET / HTTP/1.1\r\n") ==
          "192.0.2.7:4711 and GET / HTTP/1.1\r\n");
    CHECK(parsed(v2_block(0x21, 0x11, four) + "GET /") == "192.0.2.7:4711 and GET /");
    CHECK(parsed(v2_block(0x21, 0x11, four + padding) + "PROXY ") == "192.0.2.7:4711 and PROXY ");
    CHECK(parsed(v2_block(0x20, 0x00, "") + signature) == "itself and " + signature);
}

TEST_CASE("version 1 takes at most 107 bytes") {
    const auto of = [](std::size_t size) { return "PROXY UNKNOWN " + std::string(size - 16, 'x') + "\r\n"; };
    CHECK(parsed(of(107)) == "itself");
    CHECK(parsed(of(108)) == "malformed");
    CHECK(parsed("PROXY UNKNOWN " + std::string(92, 'x')) == "more");
    CHECK(parsed("PROXY UNKNOWN " + std::string(93, 'x')) == "malformed");
}

TEST_CASE("a beginning is not a header yet") {
    const auto line = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n"s;
    for (std::size_t size = 0; size < line.size(); ++size) CHECK(outcome(line.substr(0, size)) == "more");
    const auto binary = v2_block(0x21, 0x21, six + padding);
    for (std::size_t size = 0; size < binary.size(); ++size) CHECK(outcome(binary.substr(0, size)) == "more");
}

TEST_CASE("malformed headers of version 1") {
    for (const auto* const header : {
             "GET / HTTP/1.1\r\n",
             "\x16\x03\x01",
             "proxy TCP4 192.0.2.7 198.51.100.1 4711 80\r\n",
             " PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n",
             "PROXY\r\n",
             "PROXY \r\n",
             "PROXY  TCP4 192.0.2.7 198.51.100.1 4711 80\r\n",
             "PROXY\tTCP4 192.0.2.7 198.51.100.1 4711 80\r\n",
             "PROXY TCP4\r\n",
             "PROXY tcp4 192.0.2.7 198.51.100.1 4711 80\r\n",
             "PROXY TCP5 192.0.2.7 198.51.100.1 4711 80\r\n",
             "PROXY TCP 192.0.2.7 198.51.100.1 4711 80\r\n",
             "PROXY UDP4 192.0.2.7 198.51.100.1 4711 80\r\n",
             "PROXY UNKNOWNS\r\n",
             "PROXY TCP4 192.0.2.7 198.51.100.1 4711\r\n",
             "PROXY TCP4 192.0.2.7 198.51.100.1 4711 80 1\r\n",
             "PROXY TCP4 192.0.2.7 198.51.100.1 4711 80 \r\n",
             "PROXY TCP4 192.0.2.7  198.51.100.1 4711 80\r\n",
             "PROXY TCP4 192.0.2.7 198.51.100.1 4711 \r\n",
             "PROXY TCP4 192.0.2.256 198.51.100.1 4711 80\r\n",
             "PROXY TCP4 192.0.2.7 198.51.100.x 4711 80\r\n",
             "PROXY TCP4 192.0.2.007 198.51.100.1 4711 80\r\n",
             "PROXY TCP4 2001:db8::1 2001:db8::2 4711 80\r\n",
             "PROXY TCP4 192.0.2.7 2001:db8::2 4711 80\r\n",
             "PROXY TCP6 192.0.2.7 198.51.100.1 4711 80\r\n",
             "PROXY TCP6 2001:db8::1 198.51.100.1 4711 80\r\n",
             "PROXY TCP6 [2001:db8::1] [2001:db8::2] 4711 80\r\n",
             "PROXY TCP6 fe80::1%lo fe80::2%lo 4711 80\r\n",
             "PROXY TCP4 192.0.2.7 198.51.100.1 65536 80\r\n",
             "PROXY TCP4 192.0.2.7 198.51.100.1 4711 65536\r\n",
             "PROXY TCP4 192.0.2.7 198.51.100.1 -1 80\r\n",
             "PROXY TCP4 192.0.2.7 198.51.100.1 4711 000080\r\n",
             "PROXY TCP4 192.0.2.7 198.51.100.1 0x50 80\r\n",
             "PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\n",
             "PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\rG",
             "PROXY TCP4 192.0.2.7 198.51.100.1\r4711 80\r\n",
             "PROXY UNKNOWN \n",
             "PROXY UNKNOWN \r\r\n",
         }) {
        CAPTURE(header);
        CHECK(parsed(header) == "malformed");
    }
}

TEST_CASE("version 2 names a client of IPv4, IPv6 or a Unix socket, whatever stands behind the addresses") {
    for (const auto& more : {""s, padding, std::string(1000, '\xFF')}) {
        CHECK(parsed(v2_block(0x21, 0x11, four + more)) == "192.0.2.7:4711");
        CHECK(parsed(v2_block(0x21, 0x12, four + more)) ==
              "192.0.2.7:4711"); // of datagrams, as HTTP/3 has them
        CHECK(parsed(v2_block(0x21, 0x21, six + more)) == "[2001:db8::1]:4711");
        CHECK(parsed(v2_block(0x21, 0x31, std::string(216, '/') + more)) == "unix");
    }
}

TEST_CASE("version 2 may speak for the proxy itself, or know nobody") {
    CHECK(parsed(v2_block(0x20, 0x00, "")) == "itself");
    CHECK(parsed(v2_block(0x20, 0x00, padding)) == "itself");
    CHECK(parsed(v2_block(0x20, 0x11, four)) == "itself");
    CHECK(parsed(v2_block(0x20, 0x11, "")) == "itself"); // the family means nothing
    CHECK(parsed(v2_block(0x20, 0xFF, "x")) == "itself");
    CHECK(parsed(v2_block(0x21, 0x00, "")) == "itself");
    CHECK(parsed(v2_block(0x21, 0x00, padding)) == "itself");
    CHECK(parsed(v2_block(0x21, 0x01, "")) == "itself");
    CHECK(parsed(v2_block(0x21, 0x10, four)) == "itself");
}

TEST_CASE("a block of version 2 is bounded") {
    const auto most = proxy_header_parser::longest_block;
    CHECK(outcome(v2_block(0x21, 0x11, four + std::string(most - four.size(), 'x'))) == "192.0.2.7:4711");
    CHECK(outcome(v2_block(0x21, 0x11, four + std::string(most - four.size() + 1, 'x'))) == "malformed");
    CHECK(parsed(v2_block(0x21, 0x11, "").substr(0, 14) + "\xFF\xFF") == "malformed"); // at once
}

TEST_CASE("malformed headers of version 2") {
    CHECK(parsed(v2_block(0x11, 0x11, four)) == "malformed"); // version 1
    CHECK(parsed(v2_block(0x31, 0x11, four)) == "malformed");
    CHECK(parsed(v2_block(0x01, 0x11, four)) == "malformed");
    CHECK(parsed(v2_block(0x22, 0x11, four)) == "malformed"); // an unknown command
    CHECK(parsed(v2_block(0x2F, 0x11, four)) == "malformed");
    CHECK(parsed(v2_block(0x21, 0x41, four)) == "malformed"); // an unknown family
    CHECK(parsed(v2_block(0x21, 0xF1, four)) == "malformed");
    CHECK(parsed(v2_block(0x21, 0x13, four)) == "malformed"); // an unknown transport
    CHECK(parsed(v2_block(0x21, 0x11, four.substr(1))) == "malformed");
    CHECK(parsed(v2_block(0x21, 0x11, "")) == "malformed");
    CHECK(parsed(v2_block(0x21, 0x21, six.substr(1))) == "malformed");
    CHECK(parsed(v2_block(0x21, 0x31, std::string(215, '/'))) == "malformed");
    const auto good = v2_block(0x21, 0x11, four);
    for (std::size_t at = 0; at < signature.size(); ++at) {
        auto bad = good;
        bad[at] = 'x';
        CAPTURE(at);
        CHECK(parsed(bad) == "malformed");
    }
}

TEST_CASE("a header is read once") {
    for (const auto& header : {"PROXY UNKNOWN\r\n"s, "x"s}) {
        proxy_header_parser parser;
        std::string_view input{header};
        const auto verdict = parser.parse(input);
        const auto left = input;
        CHECK(parser.parse(input) == verdict);
        std::string_view more{"PROXY TCP4 192.0.2.7 198.51.100.1 4711 80\r\n"};
        CHECK(parser.parse(more) == verdict);
        CHECK(more.starts_with("PROXY "));
        CHECK(input == left);
        CHECK_FALSE(parser.client());
    }
}
