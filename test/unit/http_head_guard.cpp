#include <rill/http/head_guard.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace std::literals;
using part = rill::head_guard::part;

namespace {

/// How many bytes are accepted; the same number is checked byte by byte.
std::size_t accepted(std::string_view bytes, part from = part::request, const rill::limits& limits = {}) {
    rill::head_guard whole{limits, from};
    const auto count = whole.accept(bytes);
    CHECK(whole.accept(bytes.substr(count)) == 0);
    rill::head_guard singles{limits, from};
    std::size_t sum = 0;
    for (const char& c : bytes) {
        const auto one = singles.accept({&c, 1});
        sum += one;
        if (one == 0) break;
    }
    CHECK(sum == count);
    CHECK(singles.done() == whole.done());
    CHECK((singles.refused() == nullptr) == (whole.refused() == nullptr));
    return count;
}

} // namespace

TEST_CASE("all is accepted up to the end of the head and nothing behind it") {
    const auto head = "/ HTTP/1.0\r\nA: b\r\nC:\r\n\r\n"sv;
    CHECK(accepted(head) == head.size());
    CHECK(accepted(std::string{head} + "GET") == head.size());
    CHECK(accepted("/ HTTP/1.1\r\n\r\n") == 14);

    const rill::limits limits;
    rill::head_guard guard{limits, part::request};
    guard.accept(head);
    CHECK(guard.done());
    CHECK(guard.refused() == nullptr);
    CHECK(guard.version() == rill::version::http_1_0);
    CHECK(guard.fields() == 2);
}

TEST_CASE("a trailer has fields only, or none") {
    CHECK(accepted("\r\nx", part::trailer) == 2);
    CHECK(accepted("A: b\r\n\r\n", part::trailer) == 8);
    CHECK(accepted(" A: b\r\n\r\n", part::trailer) == 0);
    CHECK(accepted("/ HTTP/1.1\r\n\r\n", part::trailer) == 0);
}

TEST_CASE("the guard stops before the first byte that does not belong there") {
    CHECK(accepted("/\r\n") == 1);
    CHECK(accepted(" / HTTP/1.1\r\n") == 0);
    CHECK(accepted("/ HTTP/1.1\n") == 10);
    CHECK(accepted("/ HTTP/1.1\r\rA: b\r\n") == 11);
    CHECK(accepted("/ HTTP/1.1\r\n\n") == 12);
    CHECK(accepted("/ HTTP/1.1\r\nA b: c\r\n") == 13);
    CHECK(accepted("/ HTTP/1.1\r\nA: b\nC: d\r\n") == 16);
    CHECK(accepted("/ HTTP/1.1\r\nA: b\r\n c\r\n") == 18);
    CHECK(accepted("/ HTTP/2.0\r\n") == 9);
}

TEST_CASE("a head may fill its limit and not a byte more") {
    const auto head = "/ HTTP/1.1\r\nA: b\r\n\r\n"sv;
    CHECK(accepted(head, part::request, {.max_head = head.size()}) == head.size());
    const rill::limits tight{.max_head = head.size() - 1};
    rill::head_guard guard{tight, part::request};
    CHECK(guard.accept(head) == head.size() - 1);
    REQUIRE(guard.refused() != nullptr);
    CHECK(guard.refused()->status == rill::status::request_header_fields_too_large);
    rill::head_guard full{tight, part::request, 100};
    CHECK(full.accept(head) == 0);
    CHECK(full.refused() != nullptr);
}

TEST_CASE("a response begins with its status line") {
    const auto head = "HTTP/1.0 404 Not here\r\nA: b\r\n\r\n"sv;
    CHECK(accepted(head, part::response) == head.size());
    CHECK(accepted(std::string{head} + "x", part::response) == head.size());
    CHECK(accepted("HTTP/1.1 200\r\n\r\n", part::response) == 16);
    CHECK(accepted("HTTP/1.1 200 \r\n\r\n", part::response) == 17);
    const rill::limits limits;
    rill::head_guard guard{limits, part::response};
    guard.accept(head);
    CHECK(guard.done());
    CHECK(guard.status() == rill::status::not_found);
    CHECK(guard.version() == rill::version::http_1_0);
    CHECK(guard.fields() == 1);
    CHECK(accepted("\r\nHTTP/1.1 200\r\n", part::response) == 0);
    CHECK(accepted("HTTP/1.1\r\n", part::response) == 8);
    CHECK(accepted("HTTP/2.0 200\r\n", part::response) == 7);
    CHECK(accepted("HTTP/1.1 600\r\n", part::response) == 9);
    CHECK(accepted("HTTP/1.1 2000\r\n", part::response) == 12);
    CHECK(accepted("HTTP/1.1 200\n", part::response) == 12);
    CHECK(accepted("HTTP/1.1 200 a\nb", part::response) == 14);
}
