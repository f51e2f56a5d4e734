#include <rill/client/detail/response_fields.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string_view>

using namespace std::chrono_literals;
using namespace rill::detail;

namespace {

rill::fields with(std::string_view name, std::initializer_list<std::string_view> values) {
    rill::fields made;
    for (const auto value : values) made.add(name, value);
    return made;
}

std::optional<std::chrono::milliseconds> kept(std::initializer_list<std::string_view> values) {
    return keep_alive_time(with("Keep-Alive", values));
}

} // namespace

TEST_CASE("a connection is dropped before the server does so") {
    CHECK(kept({"timeout=5"}) == 4s);
    CHECK(kept({"timeout=5, max=100"}) == 4s);
    CHECK(kept({"max=100,timeout=5"}) == 4s);
    CHECK(kept({"max=100", "Timeout = 5"}) == 4s);
    CHECK(kept({"timeout=\"5\""}) == 4s);
    CHECK(kept({"timeout=120"}) == 119s);
    CHECK(kept({"timeout=1"}) == 500ms);
    CHECK(kept({"timeout=2"}) == 1s);
    CHECK(kept({"timeout=0"}) == 0s);
    CHECK(kept({"timeout=5, timeout=60"}) == 4s);
    CHECK(kept({"timeout=99999999999999999999999"}) == 24h - 1s);
}

TEST_CASE("a Keep-Alive that says nothing of a time changes nothing") {
    CHECK(kept({}) == std::nullopt);
    for (const std::string_view value :
         {"", "timeout", "timeout=", "timeout=x", "timeout=-1", "timeout=+5", "timeout=1.5", "timeout=5s",
          "300", "max=5", "xtimeout=5", "timeout:5", ",,", "timeout=\"", "timeout=\"\"", "timeout=5 6"}) {
        CAPTURE(value);
        CHECK(kept({value}) == std::nullopt);
    }
}

TEST_CASE("a coding counts if it is one, whatever else is named") {
    CHECK(content_coding({}).empty());
    CHECK(content_coding(with("Content-Encoding", {"GZip"})) == "GZip");
    CHECK(content_coding(with("content-encoding", {"none, br"})) == "br");
    CHECK(content_coding(with("Content-Encoding", {"none", "zstd"})) == "zstd");
    for (const std::string_view value : {"", "identity", "none", "UTF-8", "chunked", "gzip br", "*"}) {
        CAPTURE(value);
        CHECK(content_coding(with("Content-Encoding", {value})).empty());
    }
}

TEST_CASE("a coding is asked for by its name or by a star") {
    for (const std::string_view value : {"gzip", "GZIP", "br, gzip", "br,gzip;q=0.5", "*"}) {
        CAPTURE(value);
        CHECK(names_coding(value, "gzip"));
    }
    for (const std::string_view value : {"", "identity", "gzi", "x-gzip", "br;gzip", ","}) {
        CAPTURE(value);
        CHECK_FALSE(names_coding(value, "gzip"));
    }
}
