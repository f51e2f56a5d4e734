#pragma once

#include <rill/sse/decode.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

/// All that came out of a stream. In `log` each message and comment is a line, in order.
struct reading {
    std::string log;
    std::string last_event_id;
    std::optional<std::chrono::milliseconds> retry;

    friend bool operator==(const reading&, const reading&) = default;
};

inline void read_on(rill::decoder& decoder, std::string_view bytes, reading& into) {
    while (!bytes.empty()) {
        const auto left = bytes.size();
        switch (decoder.next(bytes)) {
        case rill::decoded::nothing: CHECK(bytes.empty()); break;
        case rill::decoded::message: {
            const auto& m = decoder.current();
            into.log += m.type + "|" + m.data + "|" + m.last_event_id + "\n";
            break;
        }
        case rill::decoded::comment: into.log += "#" + std::string{decoder.comment()} + "\n"; break;
        }
        REQUIRE(bytes.size() < left);
    }
    into.last_event_id = decoder.last_event_id();
    into.retry = decoder.retry();
}

inline reading read_pieces(std::initializer_list<std::string_view> pieces) {
    rill::decoder decoder;
    reading result;
    for (const auto piece : pieces) read_on(decoder, piece, result);
    return result;
}

/// Reads `stream` whole, and then again cut in two at every place, byte by byte, and cut in three at random:
/// what comes out must be the same.
inline reading read(std::string_view stream) {
    const auto whole = read_pieces({stream});
    for (std::size_t at = 0; at <= stream.size(); ++at) {
        CAPTURE(at);
        CHECK(read_pieces({stream.substr(0, at), stream.substr(at)}) == whole);
    }
    rill::decoder decoder;
    reading by_bytes;
    for (std::size_t at = 0; at < stream.size(); ++at) read_on(decoder, stream.substr(at, 1), by_bytes);
    CHECK(by_bytes == whole);
    std::minstd_rand random{static_cast<std::uint32_t>(stream.size())};
    for (int round = 0; round < 20; ++round) {
        auto first = random() % (stream.size() + 1);
        auto second = random() % (stream.size() + 1);
        if (first > second) std::swap(first, second);
        CHECK(read_pieces({stream.substr(0, first), stream.substr(first, second - first),
                           stream.substr(second)}) == whole);
    }
    return whole;
}
