// Events on their way into a log.
#include <rill/sse/encode.hpp>
#include <rill/topic/detail/position.hpp>
#include <rill/topic/detail/record.hpp>
#include <rill/topic/detail/slabs.hpp>

#include "topic_reading.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using rill::event;
using rill::topic_errc;
using rill::detail::record;
using rill::detail::slabs;

namespace {

constexpr std::string_view prefix = "00c0ffee1234-";

record::destination to(std::uint64_t next, std::size_t most_bytes = 1 << 30) {
    return {.id_prefix = prefix, .next = next, .most_bytes = most_bytes};
}

std::string encoded(event e, std::string_view id) {
    e.id = id;
    std::string out;
    rill::encode(out, e);
    return out;
}

} // namespace

TEST_CASE("an event gets its number after it was encoded, whatever was guessed") {
    const std::string middle(5'000, 'm'), large(100'000, 'x'), lines = "a\n" + middle + "\nb";
    const std::vector<event> events{
        {.data = "x"},    {.data = ""},
        {.name = "n"},    {.comment = "c"},
        {.retry = 5s},    {.name = "n", .data = "id: 7\nx", .comment = "id: 8", .retry = 5s},
        {.data = middle}, {.data = lines, .comment = middle},
        {.data = large},  {.data = "x", .comment = large},
    };
    constexpr std::uint64_t most = 999'999'999'999'999'999;
    for (const std::uint64_t guess : {1UL, 9UL, 10UL, 99'999UL, most})
        for (const std::uint64_t number : {guess, guess + 1, 10 * guess, most}) {
            if (number < guess || number > most) continue;
            for (const auto& e : events) {
                CAPTURE(guess);
                CAPTURE(number);
                record r{e, {}, to(guess)};
                r.set_number(number);
                const auto id = std::string{prefix} + std::to_string(number);
                CHECK(r.bytes() == encoded(e, id));
                CHECK(r.bytes().substr(r.id_at()).starts_with("id: " + id + "\n"));
                CHECK(r.id() == id);
                CHECK_FALSE(r.has_own_id());
                CHECK(r.take_id() == id);
            }
        }
}

TEST_CASE("an event with an id of its own has no number") {
    for (const std::size_t size : {1, 5'000, 100'000}) {
        const std::string text(size, 'x');
        const event e{.id = "mine", .data = text, .comment = "c"};
        record r{e, {.from = 7, .key = "k"}, to(1)};
        r.set_number(17);
        CHECK(r.bytes() == encoded(e, "mine"));
        CHECK(r.id() == "mine");
        CHECK(r.has_own_id());
        CHECK(r.id_at() == 4);
        CHECK(r.from() == 7U);
        CHECK(r.key() == "k");
    }
}

TEST_CASE("an event that is larger than any slab lies at the end of a block of its own") {
    for (const std::size_t size : {slabs::largest, 10 * slabs::largest}) {
        const std::string text(size, 'x');
        record r{{.data = text}, {}, to(9)};
        CHECK(r.is_large());
        r.set_number(10);
        const auto bytes = r.bytes();
        const auto whole = r.take_block();
        CHECK(bytes.data() >= whole.data());
        CHECK(bytes.data() + bytes.size() == whole.data() + whole.capacity());
        CHECK(whole.capacity() <= bytes.size() + rill::detail::position::most_digits);
    }
    const std::string text(slabs::largest - 100, 'x');
    const record r{{.data = text}, {}, to(1)};
    CHECK_FALSE(r.is_large());
}

TEST_CASE("an event that is too large whatever its number is refused before it is encoded") {
    const auto size = encoded({.data = "text"}, "00c0ffee1234-7").size();
    CHECK_NOTHROW(record({.data = "text"}, {}, to(7, size)));
    CHECK(refusal_of([&] { record({.data = "text"}, {}, to(7, size - 1)); }) == topic_errc::event_too_large);
    CHECK(refusal_of([&] { record({.data = "text"}, {}, to(10, size)); }) == topic_errc::event_too_large);
}

TEST_CASE("an own id that looks like one of the log's is refused, and one of another log's is not") {
    const auto refused = [](std::string_view id) {
        return refusal_of([&] { record({.id = id, .data = "x"}, {}, to(1)); });
    };
    CHECK(refused("00c0ffee1234-1") == topic_errc::id_not_allowed);
    CHECK(refused("00c0ffee1234-999999999999999999") == topic_errc::id_not_allowed);
    for (const auto* id :
         {"00c0ffee1234-", "00c0ffee1234-x", "00c0ffee1234-01", "00c0ffee1235-1", "00c0ffee1234"})
        CHECK_FALSE(refused(id));
}
