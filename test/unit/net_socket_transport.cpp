#include <rill/net/detail/socket_transport.hpp>

#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using rill::detail::transport;

namespace {

/// The server's end of a connection, and its peer.
struct joined {
    joined() {
        asio::local::stream_protocol::socket one{context};
        asio::local::connect_pair(one, peer);
        using rill::detail::connected_socket;
        end = rill::detail::make_socket_transport(context,
                                                  {one.release(), connected_socket::family::unix_domain});
    }

    [[nodiscard]] std::string receive() {
        std::string bytes(1 << 20, ' ');
        bytes.resize(peer.read_some(asio::buffer(bytes)));
        return bytes;
    }

    asio::io_context context;
    asio::local::stream_protocol::socket peer{context};
    std::unique_ptr<transport> end;
};

} // namespace

TEST_CASE("pieces are written one after the other, and empty ones do not count") {
    joined c;
    std::vector<std::string_view> pieces;
    std::string all;
    for (std::size_t n = 0; n < transport::most_pieces; ++n) {
        pieces.insert(pieces.end(), {"", "piece ", ""});
        all += "piece ";
    }
    const auto put = c.end->write_some(pieces);
    CHECK(put.status == transport::status::moved);
    CHECK(put.bytes == all.size());
    CHECK(c.receive() == all);
}

TEST_CASE("of more pieces than go with one call the first ones are written") {
    joined c;
    const std::vector<std::string_view> pieces(100, "piece ");
    CHECK(c.end->write_some(pieces).bytes == transport::most_pieces * 6);
    CHECK(c.receive().size() == transport::most_pieces * 6);
}

TEST_CASE("what the peer does not take is not written, and nothing is no end") {
    joined c;
    const std::string much(100'000, 'x');
    const std::array pieces{std::string_view{much}, std::string_view{much}};
    std::size_t written = 0;
    for (auto put = c.end->write_some(pieces); put.status != transport::status::blocked;
         put = c.end->write_some(pieces)) {
        REQUIRE(put.status == transport::status::moved);
        written += put.bytes;
    }
    CHECK(c.end->write_some({}).status == transport::status::blocked);
    while (written > 0) written -= c.receive().size();
    CHECK(c.end->write_some(pieces).status == transport::status::moved);
}

TEST_CASE("a peer that is gone ends reading and writing") {
    joined c;
    c.peer.close();
    std::array<char, 10> space{};
    CHECK(c.end->read_some(space).status == transport::status::ended);
    CHECK(c.end->write_some(std::array{std::string_view{"x"}}).status == transport::status::ended);
}
